/** Fills the whole catalogue with so many series, each metric its share, and sends the bytes that they take. */
import { catalogue } from '../../lib/catalogue/catalogue.js';
import { scrapeChunks } from '../../lib/exposition/scrape.js';
import type { Counter } from '../../lib/instruments/counter.js';
import type { Gauge } from '../../lib/instruments/gauge.js';
import type { Histogram } from '../../lib/instruments/histogram.js';
import type { Summary } from '../../lib/instruments/summary.js';
import { MetricsRegistry } from '../../lib/registry.js';
import { liveBytes, sendResult } from './child.js';
import type { CatalogueMemory } from './memory.js';

const wanted = Number(process.argv[2]);
const registry = new MetricsRegistry({ maxSeries: 10_000_000 });
const instruments = Object.values(catalogue).map((definition) => registry.instrument(definition));
const labelled = instruments.filter(({ definition }) =>
  Object.values(definition.labels).some(({ values }) => values === undefined),
);

let lines = 0;
for await (const _ of scrapeChunks(registry)) lines = 0;
const start = liveBytes();
let series = 0;
for (let round = 0; series < wanted; round++) {
  for (const instrument of labelled) {
    const before = instrument.series.size;
    record(instrument, labelsOf(instrument, round));
    series += instrument.series.size - before;
    if (series === wanted) break;
  }
}
const before = liveBytes() - start;
for await (const chunk of scrapeChunks(registry)) lines += chunk.toString('latin1').split('\n').length - 1;
const after = liveBytes() - start;
sendResult({ series, lines, before, after } satisfies CatalogueMemory);

/** Closed labels take their values in turn, open ones a few, and the last open one what makes the set a new one. */
function labelsOf({ definition }: (typeof labelled)[number], round: number): Record<string, string> {
  const entries = Object.entries(definition.labels);
  const unique = entries.findLastIndex(([, { values }]) => values === undefined);
  return Object.fromEntries(
    entries.map(([name, { values }], index) => [
      name,
      values !== undefined
        ? (values[round % values.length] ?? '')
        : `${name}-${index === unique ? round : round % 20}`,
    ]),
  );
}

function record(instrument: (typeof labelled)[number], labels: Record<string, string>): void {
  switch (instrument.type) {
    case 'counter':
      (instrument as Counter).inc(labels, 1.5);
      break;
    case 'gauge':
      (instrument as Gauge).set(labels, 1.5);
      break;
    case 'histogram':
      (instrument as Histogram).observe(labels, 0.3);
      break;
    default:
      (instrument as Summary).observe(labels, 0.3);
  }
}
