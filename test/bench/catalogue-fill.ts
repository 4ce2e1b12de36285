/** Fills a registry with so many series, each metric of the catalogue its share. */
import { catalogue } from '../../lib/catalogue/catalogue.js';
import { metricsSeries } from '../../lib/catalogue/self.js';
import type { Counter } from '../../lib/instruments/counter.js';
import type { Gauge } from '../../lib/instruments/gauge.js';
import type { Histogram } from '../../lib/instruments/histogram.js';
import type { Summary } from '../../lib/instruments/summary.js';
import type { AnyInstrument, MetricsRegistry } from '../../lib/registry.js';

/** Adds series until there are so many more. */
export function fillCatalogue(registry: MetricsRegistry, wanted: number): void {
  const labelled = Object.values(catalogue)
    // `metrics_series` counts series, so none are made up for it.
    .filter(({ name }) => name !== metricsSeries.name)
    .filter(({ labels }) => Object.values(labels).some(({ values }) => values === undefined))
    .map((definition) => registry.instrument(definition));
  let series = 0;
  for (let round = 0; series < wanted; round++) {
    for (const instrument of labelled) {
      if (series === wanted) return;
      const before = instrument.series.size;
      record(instrument, labelsOf(instrument, round));
      series += instrument.series.size - before;
    }
  }
}

/** Closed labels take their values in turn, open ones a few, and the last open one what makes the set a new one. */
function labelsOf({ definition }: AnyInstrument, round: number): Record<string, string> {
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

function record(instrument: AnyInstrument, labels: Record<string, string>): void {
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
