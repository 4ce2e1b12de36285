/** The table in the root README, from the committed results. */
import type { Kind, Shape } from './contender.js';
import { median } from './measure.js';
import type { MemoryOfKind } from './memory-app.js';
import type { Measured } from './sections.js';

export function speedSummary({ calls, decorators, scrape, memory, koa }: Measured): string {
  const [own, peer] = ['@tamma/observability', 'prom-client'];
  const call = (contender: string, kind: Kind, shape: Shape): string =>
    nanoseconds(
      calls.find(
        (measured) => measured.contender === contender && measured.kind === kind && measured.shape === shape,
      )?.nanoseconds,
    );
  const decorated = (name: string): number =>
    decorators.find((measured) => measured.name === name)?.nanoseconds ?? Number.NaN;
  const added = (name: string, bare: string): string => nanoseconds(decorated(name) - decorated(bare));
  const scraped = (name: string): string => {
    const found = scrape[0]?.contenders.find((contender) => contender.name === name);
    return `${median(found?.times ?? []).toFixed(0)} ms (longest event-loop stall ${milliseconds(median(found?.stalls ?? []))})`;
  };
  const bytes = (library: string, moment: keyof MemoryOfKind): string => {
    const found = memory.labelSets.find(
      (measured) => measured.library === library && measured.shape === 'one label varies',
    );
    return `${((found?.counter[moment] ?? Number.NaN) + (found?.histogram[moment] ?? Number.NaN)).toFixed(0)} bytes`;
  };
  const request = (variant: string): string => {
    const found = koa.find((measured) => measured.variant === variant);
    const [microseconds = Number.NaN, percent = Number.NaN] = [
      found?.microseconds.median,
      found?.percent.median,
    ];
    return `${microseconds.toFixed(2)} µs (${percent.toFixed(1)} % of a bare request)`;
  };
  const rows = [
    ['counter, bound series', call(own, 'counter', 'bound'), call(peer, 'counter', 'bound')],
    ['counter, three labels', call(own, 'counter', 'labelled'), call(peer, 'counter', 'labelled')],
    ['histogram, three labels', call(own, 'histogram', 'labelled'), call(peer, 'histogram', 'labelled')],
    [
      '`@Timed` on an async method adds',
      added('async, @Timed', 'async, bare'),
      `${added('async, prom-client by hand', 'async, bare')} (hand-written)`,
    ],
    [
      '`@Counted` on a sync method adds',
      added('sync, @Counted', 'sync, bare'),
      `${added('sync, prom-client by hand', 'sync, bare')} (hand-written)`,
    ],
    [`a scrape of ${((scrape[0]?.sets ?? 0) * 15).toLocaleString('en')} lines`, scraped(own), scraped(peer)],
    [
      'memory per label set (counter + histogram) while a response is held',
      bytes(own, 'answering'),
      bytes(peer, 'answering'),
    ],
    ['memory per label set after the response is released', bytes(own, 'after'), bytes(peer, 'after')],
    [
      '`requestMetrics()` adds to a Koa request',
      request('@tamma/observability'),
      `${request('prom-client by hand')} (hand-written)`,
    ],
    ['with all measures', request('@tamma/observability, all measures'), '-'],
  ];
  return [
    '| | ours | prom-client |',
    '|---|---:|---:|',
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n');
}

function nanoseconds(number = Number.NaN): string {
  return `${number < 10 ? number.toFixed(1) : number.toFixed(0)} ns`;
}

function milliseconds(number: number): string {
  return `${number < 10 ? number.toFixed(1) : number.toFixed(0)} ms`;
}
