/** The families of a registry that a member reports. */
import { setImmediate as turn } from 'node:timers/promises';
import { collectedMetrics, defaultLabels } from '../exposition/scrape.js';
import { type Family, familyOf } from '../family.js';
import { type AnyInstrument, isInstrument } from '../instruments/any-instrument.js';
import type { AnyRegistry } from '../registry.js';
import { type WrittenFamily, writtenFamily } from './cluster-messages.js';

/** Families of one message. */
export type Batch = readonly WrittenFamily[];

/** Approximate maximum number of series per message; the event loop turns between messages. */
const batchSeries = 1_000;

/** Timeout of reading a third-party counter, in milliseconds; after a timeout, its last report stays valid. */
const thirdPartyDeadline = 250;

/** All gauges. Runs all collect functions of the registry. */
export async function gaugesOf(registry: AnyRegistry, deadline: number): Promise<WrittenFamily[]> {
  const defaults = defaultLabels(registry);
  const metrics = await collectedMetrics(registry, { deadlineSeconds: deadline / 1_000 });
  return metrics.flatMap(({ name, family }) =>
    family.type === 'gauge' ? written(registry, name, () => familyOf(family, defaults)) : [],
  );
}

/** Current counters, histograms and summaries, in batches. Runs no collect functions of own instruments. */
export async function* countsOf(registry: AnyRegistry): AsyncGenerator<Batch> {
  const defaults = defaultLabels(registry);
  let batch: WrittenFamily[] = [];
  let size = 0;
  for (const { name, family } of await countingMetrics(registry)) {
    for (const made of written(registry, name, () => familyOf(family, defaults))) {
      for (const part of split(made)) {
        batch.push(part);
        size += part.series.length + 1;
        if (size < batchSeries) continue;
        yield batch;
        batch = [];
        size = 0;
        await turn();
      }
    }
  }
  yield batch;
}

/** As `countsOf`, synchronously, and without third-party metrics, whose values are promises. */
export function ownCountsOf(registry: AnyRegistry): WrittenFamily[] {
  const defaults = defaultLabels(registry);
  return ownCounting(registry).flatMap((instrument) =>
    written(registry, instrument.name, () => familyOf(instrument, defaults)),
  );
}

async function countingMetrics(
  registry: AnyRegistry,
): Promise<{ readonly name: string; readonly family: Parameters<typeof familyOf>[0] }[]> {
  const own = ownCounting(registry);
  const names = thirdPartyCounts(registry);
  const thirdParty =
    names.size === 0
      ? []
      : await collectedMetrics(registry, { names, deadlineSeconds: thirdPartyDeadline / 1_000 });
  // Own instruments are read when they are written, without running their collect functions.
  return [
    ...own.map((family) => ({ name: family.name, family })),
    ...thirdParty.filter(({ family }) => !isInstrument(family)),
  ];
}

function ownCounting({ prometheus }: AnyRegistry): AnyInstrument[] {
  return prometheus
    .getMetricsAsArray()
    .filter(isInstrument)
    .filter(({ type }) => type !== 'gauge');
}

function thirdPartyCounts({ prometheus }: AnyRegistry): ReadonlySet<string> {
  const names = new Set<string>();
  for (const metric of prometheus.getMetricsAsArray()) {
    const { name, type } = metric as { readonly name?: unknown; readonly type?: unknown };
    if (typeof name === 'string' && type !== 'gauge' && !isInstrument(metric)) names.add(name);
  }
  return names;
}

/** A family in the form of messages; none for a third-party metric whose values are invalid. */
function written(registry: AnyRegistry, name: string, make: () => Family): WrittenFamily[] {
  try {
    return [writtenFamily(make())];
  } catch (error) {
    registry.collectFailed(name, error);
    return [];
  }
}

function* split(family: WrittenFamily): Generator<WrittenFamily> {
  if (family.series.length <= batchSeries) {
    yield family;
    return;
  }
  for (let start = 0; start < family.series.length; start += batchSeries)
    yield { ...family, series: family.series.slice(start, start + batchSeries) };
}
