/** Time that loading the package and creating the catalogue adds to the start of Node, by `import` and by `require`, compared with prom-client. */
import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { fromRoot } from '../helpers/package-root.js';
import { median } from './measure.js';
import { atMost, type Verdict } from './verdict.js';

export interface StartUpMeasurement {
  readonly name: string;
  /** CPU time of the whole process, median of the rounds: other load on the machine hardly changes it. */
  readonly milliseconds: number;
}

const imported = (path: string): string => JSON.stringify(pathToFileURL(fromRoot(path)).href);
const required = (path: string): string => JSON.stringify(fromRoot(path));
const createCatalogue = `
  const registry = new MetricsRegistry();
  for (const definition of Object.values(catalogue)) registry.instrument(definition);`;

const programs = {
  'bare Node, an ES module': { type: 'module', code: '' },
  'bare Node, CommonJS': { type: 'commonjs', code: '' },
  'the package and its catalogue, imported': {
    type: 'module',
    code: `import { catalogue, MetricsRegistry } from ${imported('dist/lib/index.mjs')};${createCatalogue}`,
  },
  'the package and its catalogue, required': {
    type: 'commonjs',
    code: `const { catalogue, MetricsRegistry } = require(${required('dist/lib/index.js')});${createCatalogue}`,
  },
  'prom-client, required, for comparison': {
    type: 'commonjs',
    code: `require(${required('node_modules/prom-client')});`,
  },
} as const;

const printTime = `
process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  console.log((user + system) / 1_000);
});`;

/** Measures the built package, without tsx: `npm run bench` builds it first. */
export function measureStartUp({ rounds }: { rounds: number }): StartUpMeasurement[] {
  const names = Object.keys(programs) as (keyof typeof programs)[];
  const times = new Map(names.map((name) => [name, [] as number[]]));
  // The first round loads the files into the page cache.
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const { type, code } = programs[name];
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [`--input-type=${type}`, '--eval', `${code}${printTime}`],
        { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } },
      );
      if (status !== 0) throw new Error(`${name}: ${stderr}`);
      if (round >= 0) times.get(name)?.push(Number(stdout));
    }
  }
  return names.map((name) => ({ name, milliseconds: median(times.get(name) ?? []) }));
}

export function startUpTable(measurements: readonly StartUpMeasurement[]): string {
  const rows = measurements.map(({ name, milliseconds }) => `| ${name} | ${milliseconds.toFixed(0)} |`);
  return ['| CPU time of the process | ms |', '|---|---:|', ...rows].join('\n');
}

export function startUpVerdicts(measurements: readonly StartUpMeasurement[]): Verdict[] {
  const of = (name: keyof typeof programs): number =>
    measurements.find((measurement) => measurement.name === name)?.milliseconds ?? Number.NaN;
  const over = {
    import: of('the package and its catalogue, imported') - of('bare Node, an ES module'),
    require: of('the package and its catalogue, required') - of('bare Node, CommonJS'),
  };
  return Object.entries(over).map(([way, milliseconds]) =>
    atMost(`start-up over bare Node, by ${way}`, 50, milliseconds, ' ms', 0),
  );
}
