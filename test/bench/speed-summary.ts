/** The table in the root README, from the committed results. */
import type { Kind, Shape } from './contender.js';
import { median } from './measure.js';
import type { MemoryOfKind } from './memory-app.js';
import type { Measured } from './sections.js';

export function speedSummary({ calls, decorators, scrape, memory, koa }: Measured): string {
  const [own, peer] = ['@tamma/observability', 'prom-client'];
  const call = (contender: string, kind: Kind, shape: Shape): number =>
    calls.find(
      (measured) => measured.contender === contender && measured.kind === kind && measured.shape === shape,
    )?.nanoseconds ?? Number.NaN;
  const decorated = (name: string): number =>
    decorators.find((measured) => measured.name === name)?.nanoseconds ?? Number.NaN;
  const added = (name: string, bare: string): number => decorated(name) - decorated(bare);
  const scrapeOf = (name: string) => scrape[0]?.contenders.find((contender) => contender.name === name);
  const scrapeTime = (name: string): number => median(scrapeOf(name)?.times ?? []);
  const scraped = (name: string): string =>
    `${scrapeTime(name).toFixed(0)} ms (longest event-loop stall ${milliseconds(median(scrapeOf(name)?.stalls ?? []))})`;
  const bytes = (library: string, moment: keyof MemoryOfKind): number => {
    const found = memory.labelSets.find(
      (measured) => measured.library === library && measured.shape === 'one label varies',
    );
    return (found?.counter[moment] ?? Number.NaN) + (found?.histogram[moment] ?? Number.NaN);
  };
  const requestTime = (variant: string): number =>
    koa.find((measured) => measured.variant === variant)?.microseconds.median ?? Number.NaN;
  const request = (variant: string): string => {
    const percent = koa.find((measured) => measured.variant === variant)?.percent.median ?? Number.NaN;
    return `${requestTime(variant).toFixed(2)} µs (${percent.toFixed(1)} % of a bare request)`;
  };
  const compared = (what: string, unit: (number: number) => string, ours: number, theirs: number): Row => [
    what,
    unit(ours),
    unit(theirs),
    theirs / ours,
  ];
  const handWritten = (what: string, ours: number, theirs: number): Row => [
    what,
    nanoseconds(ours),
    `${nanoseconds(theirs)} (hand-written)`,
    theirs / ours,
  ];
  const [byHand, all] = ['prom-client by hand', '@tamma/observability, all measures'];
  const rows: readonly Row[] = [
    compared(
      'counter, bound series',
      nanoseconds,
      call(own, 'counter', 'bound'),
      call(peer, 'counter', 'bound'),
    ),
    compared(
      'counter, three labels',
      nanoseconds,
      call(own, 'counter', 'labelled'),
      call(peer, 'counter', 'labelled'),
    ),
    compared(
      'histogram, three labels',
      nanoseconds,
      call(own, 'histogram', 'labelled'),
      call(peer, 'histogram', 'labelled'),
    ),
    handWritten(
      '`@Timed` on an async method adds',
      added('async, @Timed', 'async, bare'),
      added('async, prom-client by hand', 'async, bare'),
    ),
    handWritten(
      '`@Counted` on a sync method adds',
      added('sync, @Counted', 'sync, bare'),
      added('sync, prom-client by hand', 'sync, bare'),
    ),
    [
      `a scrape of ${((scrape[0]?.sets ?? 0) * 15).toLocaleString('en')} lines`,
      scraped(own),
      scraped(peer),
      scrapeTime(peer) / scrapeTime(own),
    ],
    compared(
      'memory per label set (counter + histogram) while a response is held',
      inBytes,
      bytes(own, 'answering'),
      bytes(peer, 'answering'),
    ),
    compared(
      'memory per label set after the response is released',
      inBytes,
      bytes(own, 'after'),
      bytes(peer, 'after'),
    ),
    [
      '`requestMetrics()` adds to a Koa request',
      request(own),
      `${request(byHand)} (hand-written)`,
      requestTime(byHand) / requestTime(own),
    ],
    [
      '`requestMetrics()` with all measures',
      request(all),
      'as above, with fewer measures',
      requestTime(byHand) / requestTime(all),
    ],
  ];
  return [
    '| | ours | prom-client | ratio |',
    '|---|---:|---:|---:|',
    ...rows.map((row) => `| ${row.slice(0, 3).join(' | ')} | ${times(row[3])} |`),
  ].join('\n');
}

/** What is measured, ours, theirs, and the ratio of theirs to ours. */
type Row = readonly [what: string, ours: string, theirs: string, ratio: number];

function times(number: number): string {
  return number < 10 ? number.toFixed(1) : number.toFixed(0);
}

function inBytes(number: number): string {
  return `${number.toFixed(0)} bytes`;
}

function nanoseconds(number: number): string {
  return `${number < 10 ? number.toFixed(1) : number.toFixed(0)} ns`;
}

function milliseconds(number: number): string {
  return `${number < 10 ? number.toFixed(1) : number.toFixed(0)} ms`;
}
