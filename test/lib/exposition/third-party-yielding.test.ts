/** Large families of third-party metrics do not hold the event loop. */
import test from 'ava';
import { metricsCollectorErrors } from '../../../lib/catalogue/self.js';
import { defineGauge } from '../../../lib/define.js';
import type { AnyFormat } from '../../../lib/exposition/family-writer.js';
import { openMetricsFormat } from '../../../lib/exposition/open-metrics.js';
import { protobufFormat } from '../../../lib/exposition/protobuf-format.js';
import { scrapeChunks } from '../../../lib/exposition/scrape.js';
import { textFormat } from '../../../lib/exposition/text.js';
import type { Sample } from '../../../lib/instruments/instrument.js';
import { createTestRegistry, readValue, type TestRegistry } from '../../../lib/testing.js';
import { decodeProtobuf } from '../../helpers/decode-protobuf.js';

const series = 10_000;

/** The samples of a family, and how many of them were read in each turn of the event loop. */
function watchedSamples(samples: Iterable<Sample>): { values: Iterable<Sample>; perTurn: number[] } {
  const perTurn: number[] = [0];
  let isRead = false;
  const turn = (): void => {
    if (isRead) return;
    perTurn.push(0);
    setImmediate(turn);
  };
  return {
    perTurn,
    values: {
      *[Symbol.iterator]() {
        setImmediate(turn);
        for (const sample of samples) {
          perTurn.push((perTurn.pop() ?? 0) + 1);
          yield sample;
        }
        isRead = true;
      },
    },
  };
}

function register(registry: TestRegistry, name: string, type: string, values: Iterable<Sample>): void {
  registry.prometheus.registerMetric({
    name,
    get: async () => ({ name, help: 'Theirs.', type, values }),
  } as never);
}

async function scraped(registry: TestRegistry, format: AnyFormat, reusesMemory = false): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of scrapeChunks(registry, { format, reusesMemory }))
    chunks.push(reusesMemory ? Buffer.from(chunk) : chunk);
  return chunks;
}

function* counterSamples(): Generator<Sample> {
  for (let id = 0; id < series; id++) yield { labels: { id }, value: id };
}

function* histogramSamples(): Generator<Sample> {
  for (let id = 0; id < series / 4; id++) {
    yield { metricName: 'theirs_total_bucket', labels: { id, le: 1 }, value: 1 };
    yield { metricName: 'theirs_total_bucket', labels: { id, le: '+Inf' }, value: 2 };
    yield { metricName: 'theirs_total_sum', labels: { id }, value: 3 };
    yield { metricName: 'theirs_total_count', labels: { id }, value: 2 };
  }
}

const families = { counter: counterSamples, histogram: histogramSamples };

for (const format of [textFormat, openMetricsFormat, protobufFormat]) {
  for (const [type, samples] of Object.entries(families)) {
    test(`the event loop turns while a large third-party ${type} is written as ${format.label}`, async (t) => {
      const registry = createTestRegistry();
      const { values, perTurn } = watchedSamples(samples());
      register(registry, 'theirs_total', type, values);
      const chunks = await scraped(registry, format);
      t.is(
        perTurn.reduce((sum, read) => sum + read),
        series,
      );
      t.true(Math.max(...perTurn) <= series / 5, `read ${perTurn.join(', ')} samples in one turn`);
      t.true(
        chunks.every(({ length }) => length < 100_000),
        'no chunk is large',
      );
      t.true(
        chunks.slice(0, -1).every(({ length }) => length >= 32_768),
        'and none but the last is small',
      );
      const all = Buffer.concat(chunks);
      if (format === protobufFormat)
        t.is(decodeProtobuf(all)[0]?.metric?.length, type === 'counter' ? series : series / 4);
      else t.is(all.toString().match(/^theirs_total/gm)?.length, series);
    });

    test(`a large third-party ${type} in ${format.label} is the same if chunks use the same memory`, async (t) => {
      const texts: Buffer[] = [];
      for (const reusesMemory of [false, true]) {
        const registry = createTestRegistry();
        registry.gauge(defineGauge({ name: 'before', help: 'Ours.' })).set(1);
        register(registry, 'theirs_total', type, samples());
        registry.gauge(defineGauge({ name: 'after', help: 'Ours.' })).set(2);
        const chunks = await scraped(registry, format, reusesMemory);
        t.true(chunks.length > 3);
        texts.push(Buffer.concat(chunks));
      }
      t.true(texts[0]?.equals(texts[1] as Buffer));
    });
  }

  for (const reusesMemory of [false, true])
    test(`nothing is left in ${format.label} of a large third-party metric that fails at its end (same memory: ${reusesMemory})`, async (t) => {
      const registry = createTestRegistry();
      registry.gauge(defineGauge({ name: 'before', help: 'Ours.' })).set(1);
      register(
        registry,
        'theirs_total',
        'counter',
        (function* () {
          yield* counterSamples();
          throw new Error('no more');
        })(),
      );
      registry.gauge(defineGauge({ name: 'after', help: 'Ours.' })).set(2);
      const all = Buffer.concat(await scraped(registry, format, reusesMemory));
      const names =
        format === protobufFormat
          ? decodeProtobuf(all).map(({ name }) => name)
          : [...all.toString().matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
      t.deepEqual(names, ['before', 'after']);
      t.is(readValue(registry, metricsCollectorErrors, { metric: 'theirs_total' }), 1);
    });
}
