/** What importing the package and creating the catalogue adds to the start of Node, beside importing prom-client alone. */
import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { fromRoot } from '../helpers/package-root.js';
import { median } from './measure.js';
import { atMost, type Verdict } from './verdict.js';

export interface StartUpMeasurement {
  readonly name: string;
  /** Median over the rounds of the milliseconds from start to end of the process. */
  readonly milliseconds: number;
}

const index = pathToFileURL(fromRoot('dist/lib/index.js')).href;
const promClient = pathToFileURL(fromRoot('node_modules/prom-client/index.js')).href;

const programs = {
  'bare Node': '',
  'the package and its catalogue': `
    import { catalogue, MetricsRegistry } from ${JSON.stringify(index)};
    const registry = new MetricsRegistry();
    for (const definition of Object.values(catalogue)) registry.instrument(definition);`,
  'prom-client, for comparison': `import ${JSON.stringify(promClient)};`,
} as const;

/** Of the built package, without tsx: `npm run bench` builds it first. */
export function measureStartUp({ rounds }: { rounds: number }): StartUpMeasurement[] {
  const names = Object.keys(programs) as (keyof typeof programs)[];
  const times = new Map(names.map((name) => [name, [] as number[]]));
  // The first round brings the files into memory.
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const start = performance.now();
      const { status, stderr } = spawnSync(
        process.execPath,
        ['--input-type=module', '--eval', programs[name]],
        { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
      );
      if (status !== 0) throw new Error(`${name}: ${stderr}`);
      if (round >= 0) times.get(name)?.push(performance.now() - start);
    }
  }
  return names.map((name) => ({ name, milliseconds: median(times.get(name) ?? []) }));
}

export function startUpTable(measurements: readonly StartUpMeasurement[]): string {
  const rows = measurements.map(({ name, milliseconds }) => `| ${name} | ${milliseconds.toFixed(0)} |`);
  return ['| start to end of a process | ms |', '|---|---:|', ...rows].join('\n');
}

export function startUpVerdicts(measurements: readonly StartUpMeasurement[]): Verdict[] {
  const of = (name: keyof typeof programs): number =>
    measurements.find((measurement) => measurement.name === name)?.milliseconds ?? Number.NaN;
  return [
    atMost('start-up over bare Node', 60, of('the package and its catalogue') - of('bare Node'), ' ms', 0),
  ];
}
