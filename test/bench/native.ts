/** Native histograms: an observation beside one in classic buckets, and a scrape by protobuf beside one as text. */
import * as promClient from 'prom-client';
import { defineHistogram } from '../../lib/define.js';
import type { AnyFormat } from '../../lib/exposition/family-writer.js';
import { protobufFormat } from '../../lib/exposition/protobuf-format.js';
import { scrapeChunks } from '../../lib/exposition/scrape.js';
import { textFormat } from '../../lib/exposition/text.js';
import { label } from '../../lib/label.js';
import { MetricsRegistry } from '../../lib/registry.js';
import { measureCalls } from './calls.js';
import { fillCatalogue } from './catalogue-fill.js';
import { type Contender, inputs, type Labels, labelSets } from './contender.js';
import { ours } from './contenders/ours.js';
import { promClientLike } from './contenders/prom-client-like.js';
import { type Measurement, median } from './measure.js';
import { atLeast, atMost, type Verdict } from './verdict.js';

export interface NativeMeasurement {
  readonly calls: readonly Measurement[];
  /** Milliseconds and bytes of a scrape, by format. */
  readonly scrapes: readonly {
    readonly format: string;
    readonly milliseconds: number;
    readonly bytes: number;
  }[];
}

const three = { provider: label(), model: label(), operation: label() };

const native: Contender = {
  name: '@tamma/observability, native',
  package: undefined,
  subject(kind, shape, name) {
    if (kind !== 'histogram' || shape === 'unlabelled') return undefined;
    const histogram = new MetricsRegistry().histogram(
      defineHistogram({ name, help: 'Measured.', labels: three, native: {} }),
    );
    const bound = histogram.with(labelSets[0] as Labels);
    return {
      record:
        shape === 'bound'
          ? (_, value) => bound.observe(value)
          : (labels, value) => histogram.observe(labels, value),
      recorded: () => [...histogram.series].reduce((sum, { count }) => sum + count, 0),
    };
  },
};

const contenders = [ours, native, promClientLike('prom-client', promClient)];

/** What a process of `measureCalls` measures. */
export const nativeCalls = {
  contenders,
  kinds: ['histogram'],
  shapes: ['bound', 'labelled'],
} as const;

export async function measureNative({
  processes,
  rounds,
  milliseconds,
  sets,
}: {
  processes: number;
  /** Per process. */
  rounds: number;
  milliseconds: number;
  /** Series of the metrics of the catalogue. */
  sets: number;
}): Promise<NativeMeasurement> {
  const calls = await measureCalls({ subjects: 'native', processes, rounds, milliseconds });
  const registry = new MetricsRegistry({ maxSeries: 100_000 });
  const wait = registry.histogram(
    defineHistogram({ name: 'wait_seconds', help: 'Measured.', labels: three, native: {} }),
  );
  for (const { labels, value } of inputs) wait.observe(labels, value);
  fillCatalogue(registry, sets);
  const scrapes = await measureScrapes(registry, processes * rounds * 4);
  return { calls, scrapes };
}

async function measureScrapes(
  registry: MetricsRegistry,
  rounds: number,
): Promise<NativeMeasurement['scrapes']> {
  const formats = [textFormat, protobufFormat].map((format) => ({ format, times: [] as number[], bytes: 0 }));
  for (let round = 0; round < rounds + 5; round++) {
    for (const each of formats) {
      const start = performance.now();
      each.bytes = await bytesOf(registry, each.format);
      // The first rounds warm up.
      if (round >= 5) each.times.push(performance.now() - start);
    }
  }
  return formats.map(({ format, times, bytes }) => ({
    format: format.label,
    milliseconds: median(times),
    bytes,
  }));
}

async function bytesOf(registry: MetricsRegistry, format: AnyFormat): Promise<number> {
  let bytes = 0;
  for await (const chunk of scrapeChunks(registry, { format })) bytes += chunk.length;
  return bytes;
}

export function nativeTable({ calls, scrapes }: NativeMeasurement): string {
  return [
    '| observe | bound series, ns | 3 labels by object, ns |',
    '|---|---:|---:|',
    ...contenders.map(
      ({ name }) =>
        `| ${name} | ${timeOf(calls, name, 'bound').toFixed(1)} | ${timeOf(calls, name, 'labelled').toFixed(1)} |`,
    ),
    '',
    '| a scrape of the catalogue and a native histogram | ms | MB |',
    '|---|---:|---:|',
    ...scrapes.map(
      ({ format, milliseconds, bytes }) =>
        `| ${format} | ${milliseconds.toFixed(1)} | ${(bytes / 1e6).toFixed(2)} |`,
    ),
  ].join('\n');
}

function timeOf(calls: readonly Measurement[], contender: string, shape: string): number {
  return (
    calls.find((each) => each.contender === contender && each.shape === shape)?.nanoseconds ?? Number.NaN
  );
}

export function nativeVerdicts({ calls, scrapes }: NativeMeasurement): Verdict[] {
  const [text, protobuf] = scrapes;
  const bound = (name: string): number => timeOf(calls, name, 'bound');
  return [
    atMost(
      'native observe, bound series, against classic buckets',
      2,
      bound(native.name) / bound(ours.name),
      ' x',
      2,
    ),
    atLeast(
      'native observe, bound series, against classic buckets of prom-client',
      10,
      bound('prom-client') / bound(native.name),
      ' x',
    ),
    atMost(
      'scrape by protobuf against text',
      1.2,
      (protobuf?.milliseconds ?? Number.NaN) / (text?.milliseconds ?? 0),
      ' x',
      2,
    ),
    atMost(
      'bytes of a scrape by protobuf against text',
      0.5,
      (protobuf?.bytes ?? Number.NaN) / (text?.bytes ?? 0),
      ' x',
      2,
    ),
  ];
}
