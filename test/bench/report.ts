/** The results of a run as they are written: machine, versions and measurements. */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fetchedFolder } from '../helpers/fetched-packages.js';
import { fromRoot } from '../helpers/package-root.js';
import { type Kind, kinds, type Shape, shapes } from './contender.js';
import type { Measurement } from './measure.js';

export interface RunFacts {
  readonly date: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  /** Package -> version. */
  readonly versions: Readonly<Record<string, string>>;
  /** Section -> date, of the sections that were measured on another day, by `--only` with `--write`. */
  readonly otherDates?: Readonly<Record<string, string>>;
}

const peers = [
  'prom-client',
  '@prometheus-io/client',
  '@platformatic/prom-client',
  '@opentelemetry/sdk-metrics',
  '@opentelemetry/instrumentation-koa',
  '@opentelemetry/instrumentation-http',
  '@echo-health/koa-prometheus-exporter',
  'koa',
  '@koa/router',
];

const autometrics = '@autometrics/autometrics';

export async function factsOfRun(): Promise<RunFacts> {
  const [cpu] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: { cpu: cpu?.model.trim() ?? 'unknown', cores: cpus().length, node: process.version },
    versions: {
      ...Object.fromEntries(peers.map((name) => [name, versionOf(name)])),
      [autometrics]: versionOf(autometrics, await fetchedFolder('autometrics')),
    },
  };
}

export function factsLine({
  date,
  machine: { cpu, cores, node },
  versions,
  otherDates = {},
}: RunFacts): string {
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const others = Object.entries(otherDates).map(([name, day]) => `${name} on ${day}`);
  const measured = others.length === 0 ? date : `${date} (${others.join(', ')})`;
  return `Measured on ${measured}, ${cpu}, ${cores} cores, Node ${node}; ${named.join(', ')}.`;
}

/** A Markdown table: a row per kind and shape, a column per library, with nanoseconds and the ratio to prom-client. */
export function callTable(measurements: readonly Measurement[]): string {
  const names = [...new Set(measurements.map(({ contender }) => contender))];
  const rows = (Object.keys(kinds) as Kind[]).flatMap((kind) =>
    (Object.keys(shapes) as Shape[]).flatMap((shape) => {
      const row = measurements.filter(
        (measurement) => measurement.kind === kind && measurement.shape === shape,
      );
      return row.length === 0
        ? []
        : [`| ${kind}, ${shapes[shape]} | ${names.map((name) => cell(row, name)).join(' | ')} |`];
    }),
  );
  return [
    `| ns per operation (times faster than prom-client) | ${names.join(' | ')} |`,
    `|---|${names.map(() => '---:').join('|')}|`,
    ...rows,
  ].join('\n');
}

function cell(row: readonly Measurement[], name: string): string {
  const time = (contender: string): number | undefined =>
    row.find(({ contender: found }) => found === contender)?.nanoseconds;
  const [own, reference] = [time(name), time('prom-client')];
  if (own === undefined) return '-';
  const ratio = reference === undefined ? Number.NaN : reference / own;
  return `${own < 10 ? own.toFixed(1) : own.toFixed(0)} (${ratio < 10 ? ratio.toFixed(1) : ratio.toFixed(0)})`;
}

function versionOf(name: string, folder = fromRoot('')): string {
  const manifest = readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  return version;
}
