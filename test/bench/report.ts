/** A run's results: what is written down, and the tables made of it. */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fromRoot } from '../helpers/package-root.js';
import { type Contender, type Kind, kinds, type Shape, shapes } from './contender.js';
import { type DecoratorMeasurement, decoratorTable, decoratorTargetsTable } from './decorators.js';
import { type KoaMeasurement, koaTable } from './koa.js';
import type { Measurement } from './measure.js';
import { type RecorderMeasurement, recorderTable } from './recorders.js';
import { type StormResult, stormReport } from './storm.js';
import { checkTargets } from './targets.js';

export interface Results {
  readonly date: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  /** Package -> version. */
  readonly versions: Readonly<Record<string, string>>;
  readonly measurements: readonly Measurement[];
  readonly decorators: readonly DecoratorMeasurement[];
  readonly recorders: readonly RecorderMeasurement[];
  readonly koa?: readonly KoaMeasurement[];
  readonly storm?: StormResult;
}

export function resultsOf(
  contenders: readonly Contender[],
  measurements: readonly Measurement[],
  decorators: readonly DecoratorMeasurement[],
  recorders: readonly RecorderMeasurement[],
): Results {
  const [cpu] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: { cpu: cpu?.model.trim() ?? 'unknown', cores: cpus().length, node: process.version },
    versions: Object.fromEntries(
      [...contenders.map((contender) => contender.package), '@autometrics/autometrics'].flatMap((name) =>
        name === undefined ? [] : [[name, versionOf(name)]],
      ),
    ),
    measurements,
    decorators,
    recorders,
  };
}

/** A Markdown table: a row for each kind and shape, a column for each contender, nanoseconds and the ratio to prom-client. */
export function table({ measurements }: Results): string {
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
    `| ns an operation (times faster than prom-client) | ${names.join(' | ')} |`,
    `|---|${names.map(() => '---:').join('|')}|`,
    ...rows,
  ].join('\n');
}

export function targetsTable({ measurements }: Results): string {
  const rows = checkTargets(measurements).map(
    ({ kind, shape, atLeast, ratio, reached }) =>
      `| ${kind}, ${shapes[shape]} | ${atLeast} x | ${ratio.toFixed(1)} x | ${reached ? 'yes' : 'NO'} |`,
  );
  return ['| against prom-client | at least | measured | reached |', '|---|---:|---:|---|', ...rows].join(
    '\n',
  );
}

/** What the README shows between its markers. */
export function report(results: Results): string {
  const { cpu, cores, node } = results.machine;
  const versions = Object.entries(results.versions).map(([name, version]) => `${name} ${version}`);
  return `Measured on ${results.date}, ${cpu}, ${cores} cores, Node ${node}; ${versions.join(', ')}.\n\n${table(results)}\n\n${targetsTable(results)}\n\n${decoratorTable(results.decorators)}\n\n${decoratorTargetsTable(results.decorators)}\n\n${recorderTable(results.recorders)}${results.koa === undefined ? '' : `\n\n${koaTable(results.koa)}`}${results.storm === undefined ? '' : `\n\n${stormReport(results.storm)}`}`;
}

function cell(row: readonly Measurement[], name: string): string {
  const time = (contender: string): number | undefined =>
    row.find(({ contender: found }) => found === contender)?.nanoseconds;
  const [own, reference] = [time(name), time('prom-client')];
  if (own === undefined) return '-';
  const ratio = reference === undefined ? Number.NaN : reference / own;
  return `${own < 10 ? own.toFixed(1) : own.toFixed(0)} (${ratio < 10 ? ratio.toFixed(1) : ratio.toFixed(0)})`;
}

function versionOf(name: string): string {
  const { version } = JSON.parse(readFileSync(fromRoot(`node_modules/${name}/package.json`), 'utf8')) as {
    version: string;
  };
  return version;
}
