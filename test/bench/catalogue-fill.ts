/** Fills a registry with so many series, each metric of the catalogue its share. */
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

/**
 * What a service in its first hours has: counts from one to a hundred thousand, and of durations a few dozen, spread around what
 * is usual for the one series. Numbers all alike would compress too well.
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
      const [least, most] = [bounds[0] ?? 0.01, bounds.at(-1) ?? 10];
      const usual = draw();
      const observations = Math.ceil(10 ** (draw() * 2));
      for (let time = 0; time < observations; time++) {
        // The mean of four draws lies near a half, seldom at the ends.
        const spread = (draw() + draw() + draw() + draw()) / 4 - 0.5;
        const place = Math.max(0, usual + spread);
        (instrument as Histogram | Summary).observe(labels, toMicroseconds(least * (most / least) ** place));
      }
    }
  }
}

/** As fine as a clock tells durations. */
function toMicroseconds(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}
