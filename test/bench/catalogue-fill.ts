/** Fills a registry with N series, spread evenly over the metrics of the catalogue. */
import { catalogue } from '../../lib/catalogue/catalogue.js';
import { metricsSeries } from '../../lib/catalogue/self.js';
import type { AnyInstrument } from '../../lib/instruments/any-instrument.js';
import type { Counter } from '../../lib/instruments/counter.js';
import type { Gauge } from '../../lib/instruments/gauge.js';
import type { Histogram } from '../../lib/instruments/histogram.js';
import type { Summary } from '../../lib/instruments/summary.js';
import type { MetricsRegistry } from '../../lib/registry.js';
import { drawn } from './contender.js';

const draw = drawn();

/** Adds `wanted` series. */
export function fillCatalogue(registry: MetricsRegistry, wanted: number): void {
  const labelled = Object.values(catalogue)
    // `metrics_series` counts the series itself.
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

/** Closed labels cycle through their values, open ones through 20, and the last open one makes the set unique. */
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

/**
 * Values as in the first hours of a service: counts from one to a hundred thousand, and a few dozen durations around a typical
 * value of the series. Equal numbers would compress too well.
 */
function record(instrument: AnyInstrument, labels: Record<string, string>): void {
  switch (instrument.type) {
    case 'counter':
      (instrument as Counter).inc(labels, Math.ceil(10 ** (draw() * 5)));
      break;
    case 'gauge':
      (instrument as Gauge).set(labels, Math.floor(10 ** (draw() * 3)));
      break;
    default: {
      const { definition } = instrument as Histogram | Summary;
      const bounds = 'buckets' in definition ? definition.buckets : [0.01, 10];
      const [lowest, highest] = [bounds[0] ?? 0.01, bounds.at(-1) ?? 10];
      const usual = draw();
      const observations = Math.ceil(10 ** (draw() * 2));
      for (let time = 0; time < observations; time++) {
        // The mean of four draws is usually close to one half.
        const spread = (draw() + draw() + draw() + draw()) / 4 - 0.5;
        const position = Math.max(0, usual + spread);
        (instrument as Histogram | Summary).observe(
          labels,
          toMicroseconds(lowest * (highest / lowest) ** position),
        );
      }
    }
  }
}

/** The resolution of a clock that measures durations. */
function toMicroseconds(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}
