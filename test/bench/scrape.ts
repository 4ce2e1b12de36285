/** A scrape of many series beside the peers: its time, how long it stops the event loop, what memory it takes on the way. */
import { resultOf } from './child.js';
import { median, quantile } from './measure.js';
import { atLeast, atMost, type Verdict } from './verdict.js';

/** What a process of `scrape-app.ts` sends. */
export interface ScrapeRun {
  /** Label sets of a counter and of an 11-bucket histogram. */
  readonly sets: number;
  readonly bytes: number;
  readonly contenders: readonly ScrapeContender[];
  /** Live bytes on the way beyond those before, at most. */
  readonly extra: number;
}

/** Milliseconds of each round. */
export interface ScrapeContender {
  readonly name: string;
  readonly times: readonly number[];
  /** The longest time in which the event loop did not turn, and the longest stop for garbage collection. */
  readonly stalls: readonly number[];
  readonly collections: readonly number[];
}

/** All of them side by side in one process, for the times; and ours and an idle loop in one of their own, for the stalls. */
export interface ScrapeMeasurement extends ScrapeRun {
  readonly alone: readonly ScrapeContender[];
}

/** An event loop that turns and does nothing, for as long as a scrape takes: its stalls are the machine's. */
export const idleLoop = 'no scrape, for as long as one takes';

const own = '@tamma/observability';

/** Label sets, and ten times as many: those with one peer only, which takes seconds. */
export async function measureScrapes({
  sets,
  rounds,
  roundsAlone,
}: {
  sets: number;
  rounds: number;
  /** Of those in which the longest stall is looked for: many, since it is seldom. */
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
        `Memory alive during a scrape of ${linesOf(sets)} lines: ${(extra / 1024).toFixed(0)} KiB more than before.`,
    ),
  ].join('\n');
}

/** What each does with ten times the lines stands beside. */
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
    `| a scrape, side by side, medians | ${heads.join(' | ')} |`,
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
      `${linesOf(sets)} lines, ${first?.stalls.length ?? 0} rounds: the median | 95 % of them | the worst`,
  );
  return [
    `| longest stall of a round, ms | ${heads.join(' | ')} |`,
    `|---|${measurements.map(() => '---:|---:|---:').join('|')}|`,
    row(`${own}, alone in its process`, (measurement) => aloneIn(measurement, own)?.stalls),
    row('its longest stop for garbage collection', (measurement) => aloneIn(measurement, own)?.collections),
    row(`${idleLoop}: the machine`, (measurement) => aloneIn(measurement, idleLoop)?.stalls),
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
      `scrape of ${linesOf(small?.sets ?? 0)} lines against registry.metrics()`,
      8,
      time('prom-client') / time(own),
      ' x',
    ),
    stallVerdict(small),
    stallVerdict(large),
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

/** Of the 95th percentile: the worst of many rounds is the machine's, as the idle loop beside it shows. */
function stallVerdict(measurement: ScrapeMeasurement | undefined): Verdict {
  const stalls = aloneIn(measurement, own)?.stalls ?? [];
  return atMost(
    `longest stall in a scrape of ${linesOf(measurement?.sets ?? 0)} lines, in 95 % of ${stalls.length} rounds`,
    10,
    quantile(stalls, 0.95),
    ' ms',
  );
}

/** A counter has one line a label set, the histogram fourteen. */
function linesOf(sets: number): string {
  return (sets * 15).toLocaleString('en');
}
