/** Fills a counter and an 11-bucket histogram of one library with label sets of one shape, and sends the bytes that each takes. */
import platformatic from '@platformatic/prom-client';
import * as prometheusIo from '@prometheus-io/client';
import * as promClient from 'prom-client';
import { defineCounter, defineHistogram } from '../../lib/define.js';
import { scrapeChunks } from '../../lib/exposition/scrape.js';
import { label } from '../../lib/label.js';
import { MetricsRegistry } from '../../lib/registry.js';
import { liveBytes, sendResult } from './child.js';
import { buckets, type Labels } from './contender.js';
import { labelSetsByShape, type MemoryShape } from './memory-shapes.js';

export interface MemoryFilled {
  readonly counter: MemoryOfKind;
  readonly histogram: MemoryOfKind;
}

/** Bytes a label set. */
export interface MemoryOfKind {
  /** Before any scrape. */
  readonly before: number;
  /** When a scrape has just been made, and its answer is still to be sent. */
  readonly answering: number;
  /** When the answer is gone, too. */
  readonly after: number;
}

interface Filled {
  readonly record: (labels: Labels) => void;
  /** Scrapes, and gives what is in hand at the end: all of the text, or the last chunk of a stream. */
  readonly scrape: () => Promise<string>;
}

const [library = '', shape = '', count = ''] = process.argv.slice(2);
const labelsAt = labelSetsByShape[shape as MemoryShape];
const labelNames = ['provider', 'model', 'operation'] as const;

sendResult({ counter: await measured('counter'), histogram: await measured('histogram') });

async function measured(kind: 'counter' | 'histogram'): Promise<MemoryOfKind> {
  const { record, scrape } = library === '@tamma/observability' ? ours(kind) : theirs(kind);
  // What the first recordings and the first scrape bring into being is no label set's.
  for (let index = 0; index < 100; index++) record(labelsAt(index));
  await scrape();
  const start = liveBytes();
  const sets = Number(count);
  for (let index = 100; index < sets + 100; index++) record(labelsAt(index));
  const before = (liveBytes() - start) / sets;
  const answering = ((await inHand(scrape)) - start) / sets;
  const after = (liveBytes() - start) / sets;
  // Read once more, so that nothing of it was garbage before.
  record(labelsAt(0));
  return { before, answering, after };
}

/** In a function of its own, so that nothing of it stays alive in the caller's frame. */
async function inHand(scrape: Filled['scrape']): Promise<number> {
  const answer = await scrape();
  const bytes = liveBytes();
  // Read afterwards, so that it was alive.
  if (answer.length === 0) throw new Error('nothing was scraped');
  return bytes;
}

function ours(kind: 'counter' | 'histogram'): Filled {
  const registry = new MetricsRegistry({ maxSeries: 10_000_000 });
  const labels = { provider: label(), model: label(), operation: label() };
  const scrape = async (): Promise<string> => {
    let last = '';
    // The last chunk is empty where the text ends with the one before.
    for await (const chunk of scrapeChunks(registry)) if (chunk.length > 0) last = chunk.toString();
    return last;
  };
  if (kind === 'counter') {
    const counter = registry.counter(defineCounter({ name: 'measured_total', help: 'Measured.', labels }));
    return { record: (set) => counter.inc(set), scrape };
  }
  const histogram = registry.histogram(
    defineHistogram({ name: 'measured_seconds', help: 'Measured.', labels, buckets }),
  );
  return { record: (set) => histogram.observe(set, 0.3), scrape };
}

function theirs(kind: 'counter' | 'histogram'): Filled {
  const clients: Readonly<Record<string, unknown>> = {
    'prom-client': promClient,
    '@prometheus-io/client': prometheusIo,
    '@platformatic/prom-client': platformatic,
  };
  const client = clients[library] as Pick<typeof promClient, 'Counter' | 'Histogram' | 'Registry'>;
  const register = new client.Registry();
  const shared = { help: 'Measured.', labelNames, registers: [register] };
  const scrape = (): Promise<string> => register.metrics();
  if (kind === 'counter') {
    const counter = new client.Counter({ name: 'measured_total', ...shared });
    return { record: (set) => counter.inc(set), scrape };
  }
  const histogram = new client.Histogram({ name: 'measured_seconds', buckets, ...shared });
  return { record: (set) => histogram.observe(set, 0.3), scrape };
}
