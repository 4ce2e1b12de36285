/** What a member sends of its registry. */
import { collectedMetrics, defaultLabels, turn } from '../exposition/scrape.js';
import { type Family, familyOf } from '../family.js';
import { type AnyInstrument, isInstrument } from '../instruments/any-instrument.js';
import type { AnyRegistry } from '../registry.js';
import { type WrittenFamily, writtenFamily } from './cluster-messages.js';

/** Families of one message. */
export type Batch = readonly WrittenFamily[];

/** Series of one message, about: more come in several, between which the event loop turns. */
const batchSeries = 1_000;

/** Milliseconds that a foreign counter may take to be read; one that takes longer is as it was reported before. */
const thirdPartyDeadline = 250;

/** The gauges, collected; all collect functions of the registry have run then. */
export async function gaugesOf(registry: AnyRegistry, deadline: number): Promise<WrittenFamily[]> {
  const defaults = defaultLabels(registry);
  const metrics = await collectedMetrics(registry, { deadline });
  return metrics.flatMap(({ name, family }) =>
    family.type === 'gauge' ? written(registry, name, () => familyOf(family, defaults)) : [],
  );
}

/** Counters, histograms and summaries as they are now, in batches. Of our own, no collect function is run. */
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

/** As `countsOf`, at once, without foreign metrics: those can only be waited for. */
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
  const foreign =
    names.size === 0 ? [] : await collectedMetrics(registry, { names, deadline: thirdPartyDeadline });
  // Own instruments are asked for here only, and read later, where they stand.
  return [
    ...own.map((family) => ({ name: family.name, family })),
    ...foreign.filter(({ family }) => !isInstrument(family)),
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

/** A family ready to be sent; none where a foreign metric gave what cannot be read. */
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
