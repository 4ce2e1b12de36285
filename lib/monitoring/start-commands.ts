/** How the programs of a bundle are started: its README says so, and `tamma-metrics up` does. */
import type { BundleSettings } from './settings.js';

export interface ProgramPaths {
  /** Folder of the bundle. */
  readonly bundle: string;
  /** Where the program keeps what it knows. */
  readonly data: string;
}

export function prometheusArguments(
  { bundle, data }: ProgramPaths,
  listen: string,
  retentionDays: number,
): string[] {
  return [
    `--config.file=${bundle}/prometheus/prometheus.yml`,
    `--storage.tsdb.path=${data}`,
    `--storage.tsdb.retention.time=${retentionDays}d`,
    `--web.listen-address=${listen}`,
  ];
}

export function alertmanagerArguments({ bundle, data }: ProgramPaths, listen: string): string[] {
  return [
    `--config.file=${bundle}/alertmanager/alertmanager.yml`,
    `--storage.path=${data}`,
    `--web.listen-address=${listen}`,
    // One of them alone: no cluster, no port for one.
    '--cluster.listen-address=',
  ];
}

/** A command as a shell takes it, an option a line. */
export function shownCommand(program: string, options: readonly string[]): string {
  const quoted = options.map((option) =>
    /^[\w@%+=:,./-]+$/.test(option) ? option : `'${option.replaceAll("'", "'\\''")}'`,
  );
  return [program, ...quoted].join(' \\\n  ');
}

export function startCommands(
  settings: Pick<BundleSettings, 'prometheus' | 'alertmanager' | 'config'>,
  folder = '.',
): { readonly prometheus: string; readonly alertmanager: string } {
  const { prometheus, alertmanager, config } = settings;
  return {
    prometheus: shownCommand(
      'prometheus',
      prometheusArguments({ bundle: folder, data: 'data/prometheus' }, prometheus, config.retentionDays),
    ),
    alertmanager: shownCommand(
      'alertmanager',
      alertmanagerArguments({ bundle: folder, data: 'data/alertmanager' }, alertmanager),
    ),
  };
}
