/** Bytes per label set before and after a scrape, compared with other libraries; and memory of 100,000 series of the catalogue. */
import { resultOf } from './child.js';
import { median } from './measure.js';
import type { MemoryFilled, MemoryOfKind } from './memory-app.js';
import { labelSetsByShape, type MemoryShape } from './memory-shapes.js';
import { atMost, type Verdict } from './verdict.js';

const libraries = [
  '@tamma/observability',
  'prom-client',
  '@prometheus-io/client',
  '@platformatic/prom-client',
] as const;

export interface MemoryMeasurement {
  readonly library: string;
  readonly shape: MemoryShape;
  /** Bytes per label set, medians of the rounds. */
  readonly counter: MemoryOfKind;
  readonly histogram: MemoryOfKind;
}

export interface CatalogueMemory {
  /** Label sets, and lines per scrape. */
  readonly series: number;
  readonly lines: number;
  /** Bytes of all series, before and after a scrape. */
  readonly before: number;
  readonly after: number;
}

export interface MemoryResults {
  readonly sets: number;
  readonly labelSets: readonly MemoryMeasurement[];
  readonly catalogue: CatalogueMemory;
}

export async function measureMemory({
  rounds,
  sets,
  compared = libraries,
}: {
  rounds: number;
  sets: number;
  compared?: readonly (typeof libraries)[number][];
}): Promise<MemoryResults> {
  const shapes = Object.keys(labelSetsByShape) as MemoryShape[];
  const cells = shapes.flatMap((shape) =>
    compared.map((library) => ({ shape, library, filled: [] as MemoryFilled[] })),
  );
  for (let round = 0; round < rounds; round++) {
    for (const { shape, library, filled } of cells)
      filled.push(await resultOf<MemoryFilled>('memory-app.ts', [library, shape, String(sets)]));
  }
  return {
    sets,
    labelSets: cells.map(({ shape, library, filled }) => ({
      shape,
      library,
      counter: medians(filled.map(({ counter }) => counter)),
      histogram: medians(filled.map(({ histogram }) => histogram)),
    })),
    catalogue: await resultOf<CatalogueMemory>('catalogue-app.ts', [String(sets * 10)]),
  };
}

export function memoryTable({ sets, labelSets, catalogue }: MemoryResults): string {
  const cell = (measurement: MemoryMeasurement): string =>
    [measurement.counter, measurement.histogram]
      .flatMap(({ before, answering, after }) => [before, answering, after])
      .map((bytes) => bytes.toFixed(0))
      .join(' | ');
  return [
    `| bytes per label set, ${sets} sets | shape | counter | response held | after its release | histogram | response held | after its release |`,
    '|---|---|---:|---:|---:|---:|---:|---:|',
    ...labelSets.map(
      (measurement) => `| ${measurement.library} | ${measurement.shape} | ${cell(measurement)} |`,
    ),
    '',
    `${catalogue.series} series of the catalogue, ${catalogue.lines} lines, take ${mega(catalogue.before)} MB, and ${mega(catalogue.after)} MB after a scrape.`,
  ].join('\n');
}

/** During and after a scrape, the targets are for a counter and a histogram together; before it, for each of them. */
export function memoryVerdicts({ labelSets, catalogue }: MemoryResults): Verdict[] {
  const shapes = Object.keys(labelSetsByShape) as MemoryShape[];
  const ratio = (shape: MemoryShape, bytes: (measurement: MemoryMeasurement) => number): number => {
    const of = (library: string): number => {
      const found = labelSets.find(
        (measurement) => measurement.shape === shape && measurement.library === library,
      );
      return found === undefined ? Number.NaN : bytes(found);
    };
    return of('@tamma/observability') / of('prom-client');
  };
  const worst = (bytes: (measurement: MemoryMeasurement) => number): number =>
    Math.max(...shapes.map((shape) => ratio(shape, bytes)));
  return [
    atMost(
      'memory of a counter compared with prom-client, worst shape',
      1.1,
      worst(({ counter }) => counter.before),
      ' x',
      2,
    ),
    atMost(
      'memory of a histogram compared with prom-client, worst shape',
      1.1,
      worst(({ histogram }) => histogram.before),
      ' x',
      2,
    ),
    atMost(
      'memory of both while the response of a scrape is held, compared with prom-client, worst shape',
      0.5,
      worst(({ counter, histogram }) => counter.answering + histogram.answering),
      ' x',
      2,
    ),
    atMost(
      'memory of both after the response is released, compared with prom-client, worst shape',
      0.5,
      worst(({ counter, histogram }) => counter.after + histogram.after),
      ' x',
      2,
    ),
    atMost(
      `memory of ${catalogue.series} series of the catalogue`,
      100,
      Math.max(catalogue.before, catalogue.after) / 1e6,
      ' MB',
      0,
    ),
  ];
}

function medians(filled: readonly MemoryOfKind[]): MemoryOfKind {
  return {
    before: median(filled.map(({ before }) => before)),
    answering: median(filled.map(({ answering }) => answering)),
    after: median(filled.map(({ after }) => after)),
  };
}

function mega(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
