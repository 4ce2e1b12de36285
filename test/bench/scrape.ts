/** A scrape of many series, compared with other libraries: time, event-loop stalls and memory. */
import { resultOf } from './child.js';
import { median, quantile } from './measure.js';
import { atLeast, atMost, type Verdict } from './verdict.js';

/** The result of `scrape-app.ts`. */
export interface ScrapeRun {
  /** Label sets of a counter and of an 11-bucket histogram. */
  readonly sets: number;
  readonly bytes: number;
  readonly contenders: readonly ScrapeContender[];
  /** Maximum of live bytes during a scrape, less those before it. */
  readonly extra: number;
}

/** Milliseconds per round. */
export interface ScrapeContender {
  readonly name: string;
  readonly times: readonly number[];
  /** The longest event-loop stall and the longest garbage-collection pause of each round. */
  readonly stalls: readonly number[];
  readonly collections: readonly number[];
}

/** All libraries in one process, for the times; ours and an idle event loop in another process, for the stalls. */
export interface ScrapeMeasurement extends ScrapeRun {
  readonly alone: readonly ScrapeContender[];
}

/** An idle event loop, for as long as a scrape takes: its stalls are caused by the machine. */
export const idleLoop = 'no scrape, for as long as one takes';

const own = '@tamma/observability';

/** Label sets. A second run has ten times as many, with prom-client only, because it takes seconds. */
export async function measureScrapes({
  sets,
  rounds,
  roundsAlone,
}: {
  sets: number;
  rounds: number;
  /** Rounds that measure stalls: many, because long stalls are rare. */
  roundsAlone: number;
}): Promise<ScrapeMeasurement[]> {
  const run = (count: number, times: number, peers: number): Promise<ScrapeRun> =>
    resultOf<ScrapeRun>('scrape-app.ts', [count, times, peers].map(String));
  const measure = async (count: number, times: number, peers: number): Promise<ScrapeMeasurement> => {
    const { contenders } = await run(count, times, peers);
    const { contenders: alone, ...rest } = await run(count, roundsAlone, 0);
    return { ...rest, contenders, alone };
  };
  return [await measure(sets, rounds, 3), await measure(sets * 10, Math.min(rounds, 5), 1)];
}

export function scrapeTable(measurements: readonly ScrapeMeasurement[]): string {
  return [
    timeTable(measurements),
    '',
    stallTable(measurements),
    '',
    ...measurements.map(
      ({ sets, extra }) =>
        `Additional live memory during a scrape of ${linesOf(sets)} lines: ${(extra / 1024).toFixed(0)} KiB.`,
    ),
  ].join('\n');
}

/** The columns of ten times the lines are next to those of the first size. */
function timeTable(measurements: readonly ScrapeMeasurement[]): string {
  const names = [...new Set(measurements.flatMap(({ contenders }) => contenders.map(({ name }) => name)))];
  const cells = ({ contenders }: ScrapeMeasurement, name: string): string[] => {
    const found = contenders.find((contender) => contender.name === name);
    if (found === undefined) return ['-', '-', '-'];
    const reference = median(contenders.find((contender) => contender.name === 'prom-client')?.times ?? []);
    const time = median(found.times);
    return [time.toFixed(1), (reference / time).toFixed(1), median(found.stalls).toFixed(1)];
  };
  const heads = measurements.map(
    ({ sets, bytes }) =>
      `${linesOf(sets)} lines, ${(bytes / 1e6).toFixed(1)} MB: ms | times faster than prom-client | longest stall, ms`,
  );
  return [
    `| scrape, medians | ${heads.join(' | ')} |`,
    `|---|${measurements.map(() => '---:|---:|---:').join('|')}|`,
    ...names.map(
      (name) =>
        `| ${name} | ${measurements.flatMap((measurement) => cells(measurement, name)).join(' | ')} |`,
    ),
  ].join('\n');
}

function stallTable(measurements: readonly ScrapeMeasurement[]): string {
  const cells = (milliseconds: readonly number[] = []): string[] =>
    [median(milliseconds), quantile(milliseconds, 0.95), Math.max(...milliseconds)].map((number) =>
      number.toFixed(1),
    );
  const row = (
    title: string,
    of: (measurement: ScrapeMeasurement) => readonly number[] | undefined,
  ): string => `| ${title} | ${measurements.flatMap((measurement) => cells(of(measurement))).join(' | ')} |`;
  const heads = measurements.map(
    ({ sets, alone: [first] }) =>
      `${linesOf(sets)} lines, ${first?.stalls.length ?? 0} rounds: median | 95th percentile | maximum`,
  );
  return [
    `| longest stall per round, ms | ${heads.join(' | ')} |`,
    `|---|${measurements.map(() => '---:|---:|---:').join('|')}|`,
    row(`${own}, in its own process`, (measurement) => aloneIn(measurement, own)?.stalls),
    row('its longest garbage-collection pause', (measurement) => aloneIn(measurement, own)?.collections),
    row('idle event loop, for as long as a scrape', (measurement) => aloneIn(measurement, idleLoop)?.stalls),
  ].join('\n');
}

function aloneIn(measurement: ScrapeMeasurement | undefined, name: string): ScrapeContender | undefined {
  return measurement?.alone.find((contender) => contender.name === name);
}

export function scrapeVerdicts(measurements: readonly ScrapeMeasurement[]): Verdict[] {
  const [small, large] = measurements;
  const time = (name: string): number =>
    median(small?.contenders.find((contender) => contender.name === name)?.times ?? []);
  return [
    atLeast(
      `scrape of ${linesOf(small?.sets ?? 0)} lines, compared with registry.metrics()`,
      12,
      time('prom-client') / time(own),
      ' x',
    ),
    stallVerdict(small),
    stallVerdict(large),
    // The size of a few chunks, independent of the size of the output.
    atMost(
      'additional live memory during a scrape of any size',
      512,
      Math.max(...measurements.map(({ extra }) => extra)) / 1024,
      ' KiB',
      0,
    ),
  ];
}

/** The 95th percentile: the maximum of many rounds is caused by the machine, as the idle event loop shows. */
function stallVerdict(measurement: ScrapeMeasurement | undefined): Verdict {
  const stalls = aloneIn(measurement, own)?.stalls ?? [];
  return atMost(
    `longest stall during a scrape of ${linesOf(measurement?.sets ?? 0)} lines, 95th percentile of ${stalls.length} rounds`,
    5,
    quantile(stalls, 0.95),
    ' ms',
  );
}

/** The counter has one line per label set, the histogram fourteen. */
function linesOf(sets: number): string {
  return (sets * 15).toLocaleString('en');
}
