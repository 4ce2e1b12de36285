/** Fills a counter and an 11-bucket histogram of one library with label sets of one shape, and sends the bytes per label set. */
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

/** Bytes per label set. */
export interface MemoryOfKind {
  /** Before any scrape. */
  readonly before: number;
  /** After a scrape whose response is still held. */
  readonly answering: number;
  /** After the response is released. */
  readonly after: number;
}

interface Filled {
  readonly record: (labels: Labels) => void;
  /** @returns what is held at the end of a scrape: the whole text, or the last chunk of a stream */
  readonly scrape: () => Promise<string>;
}

const [library = '', shape = '', count = ''] = process.argv.slice(2);
const labelsAt = labelSetsByShape[shape as MemoryShape];
const labelNames = ['provider', 'model', 'operation'] as const;

/** Holds what was measured first, which would be collected while the other is measured. */
const kept: Filled[] = [];
sendResult({ counter: await measured('counter'), histogram: await measured('histogram') });

async function measured(kind: 'counter' | 'histogram'): Promise<MemoryOfKind> {
  const filled = library === '@tamma/observability' ? ours(kind) : theirs(kind);
  kept.push(filled);
  const { record, scrape } = filled;
  // Memory of the first recordings and of the first scrape is not counted as memory of label sets.
  for (let index = 0; index < 100; index++) record(labelsAt(index));
  await scrape();
  const start = liveBytes();
  const sets = Number(count);
  for (let index = 100; index < sets + 100; index++) record(labelsAt(index));
  const before = (liveBytes() - start) / sets;
  const answering = ((await bytesWhileHeld(scrape)) - start) / sets;
  const after = (liveBytes() - start) / sets;
  return { before, answering, after };
}

/** A separate function, so that the caller's stack frame holds no reference to the response. */
async function bytesWhileHeld(scrape: Filled['scrape']): Promise<number> {
  const response = await scrape();
  const bytes = liveBytes();
  // Used afterwards, so that it is alive during the measurement.
  if (response.length === 0) throw new Error('nothing was scraped');
  return bytes;
}

function ours(kind: 'counter' | 'histogram'): Filled {
  const registry = new MetricsRegistry({ maxSeries: 10_000_000 });
  const labels = { provider: label(), model: label(), operation: label() };
  const scrape = async (): Promise<string> => {
    let last = '';
    // The last chunk is empty if the text ends with the previous one.
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
