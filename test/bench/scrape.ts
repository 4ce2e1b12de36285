/** A scrape of many series beside the peers: its time, how long it stops the event loop, what memory it takes on the way. */
import { resultOf } from './child.js';
import { median } from './measure.js';
import { atLeast, atMost, type Verdict } from './verdict.js';

export interface ScrapeMeasurement {
  /** Label sets of a counter and of an 11-bucket histogram. */
  readonly sets: number;
  readonly bytes: number;
  readonly contenders: readonly {
    readonly name: string;
    /** Milliseconds of each round. */
    readonly times: readonly number[];
    /** The longest milliseconds of each round in which the event loop did not turn. */
    readonly stalls: readonly number[];
  }[];
  /** Live bytes on the way beyond those before, at most. */
  readonly extra: number;
}

/** Label sets, and ten times as many: those with one peer only, which takes seconds. */
export async function measureScrapes({
  sets,
  rounds,
}: {
  sets: number;
  rounds: number;
}): Promise<ScrapeMeasurement[]> {
  const measure = (count: number, times: number, peers: number): Promise<ScrapeMeasurement> =>
    resultOf<ScrapeMeasurement>('scrape-app.ts', [count, times, peers].map(String));
  return [await measure(sets, rounds, 3), await measure(sets * 10, Math.min(rounds, 5), 1)];
}

export function scrapeTable(measurements: readonly ScrapeMeasurement[]): string {
  const rows = measurements.flatMap(({ sets, bytes, contenders }) =>
    contenders.map(({ name, times, stalls }) => {
      const reference = median(contenders.find((contender) => contender.name === 'prom-client')?.times ?? []);
      const time = median(times);
      return `| ${name}, ${linesOf(sets)} lines, ${(bytes / 1e6).toFixed(1)} MB | ${time.toFixed(1)} | ${(reference / time).toFixed(1)} | ${median(stalls).toFixed(1)} |`;
    }),
  );
  return [
    '| a scrape | ms | times faster than prom-client | longest stall, ms |',
    '|---|---:|---:|---:|',
    ...rows,
    '',
    ...measurements.map(
      ({ sets, extra }) =>
        `Memory alive during a scrape of ${linesOf(sets)} lines: ${(extra / 1024).toFixed(0)} KiB more than before.`,
    ),
  ].join('\n');
}

export function scrapeVerdicts(measurements: readonly ScrapeMeasurement[]): Verdict[] {
  const [small, large] = measurements;
  const of = (measurement: ScrapeMeasurement | undefined, name: string) =>
    measurement?.contenders.find((contender) => contender.name === name);
  const time = (name: string): number => median(of(small, name)?.times ?? []);
  const own = '@tamma/observability';
  return [
    atLeast(
      `scrape of ${linesOf(small?.sets ?? 0)} lines against registry.metrics()`,
      8,
      time('prom-client') / time(own),
      ' x',
    ),
    atMost(
      `longest stall in a scrape of ${linesOf(small?.sets ?? 0)} lines`,
      10,
      median(of(small, own)?.stalls ?? []),
      ' ms',
    ),
    atMost(
      `longest stall in a scrape of ${linesOf(large?.sets ?? 0)} lines`,
      10,
      median(of(large, own)?.stalls ?? []),
      ' ms',
    ),
    // Of the size of a few chunks, whatever the size of the output.
    atMost(
      'memory alive during a scrape, whatever its size',
      512,
      Math.max(...measurements.map(({ extra }) => extra)) / 1024,
      ' KiB',
      0,
    ),
  ];
}

/** A counter has one line a label set, the histogram fourteen. */
function linesOf(sets: number): string {
  return (sets * 15).toLocaleString('en');
}
