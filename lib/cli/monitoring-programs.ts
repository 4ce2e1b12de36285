/** Finds the installed Prometheus and Alertmanager. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The paths of the programs. */
export interface MonitoringPrograms {
  readonly prometheus: string;
  readonly alertmanager: string;
}

/** Program -> its names, including the one of Debian, and its packages. */
const programs = {
  prometheus: { names: ['prometheus'], debian: 'prometheus', brew: 'prometheus', image: 'prom/prometheus' },
  alertmanager: {
    names: ['alertmanager', 'prometheus-alertmanager'],
    debian: 'prometheus-alertmanager',
    brew: 'alertmanager',
    image: 'prom/alertmanager',
  },
} as const;

/** @throws an Error that says how to install the missing programs */
export function findMonitoringPrograms(path: string | undefined): MonitoringPrograms {
  const prometheus = onPath(programs.prometheus.names, path);
  const alertmanager = onPath(programs.alertmanager.names, path);
  if (prometheus !== undefined && alertmanager !== undefined) return { prometheus, alertmanager };
  const missing = [
    ...(prometheus === undefined ? [programs.prometheus] : []),
    ...(alertmanager === undefined ? [programs.alertmanager] : []),
  ];
  const listed = (of: 'debian' | 'brew'): string => missing.map((program) => program[of]).join(' ');
  throw new Error(
    [
      `Cannot find ${missing.map(({ names }) => `\`${names.join('` or `')}\``).join(' and ')}: expected on PATH. Install:`,
      `  Debian, Ubuntu: apt-get install ${listed('debian')}`,
      `  macOS:          brew install ${listed('brew')}`,
      '  elsewhere:      https://prometheus.io/download/',
      `Or run them in containers (${missing.map(({ image }) => image).join(', ')}): the bundle has deploy/docker-compose.yml.`,
    ].join('\n'),
  );
}

function onPath(names: readonly string[], path = ''): string | undefined {
  for (const name of names) {
    for (const folder of path.split(delimiter).filter((each) => each !== '')) {
      const file = join(folder, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // Not in this folder.
      }
    }
  }
  return undefined;
}
