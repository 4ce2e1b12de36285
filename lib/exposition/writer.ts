/**
 * Writes metrics as families of lines, each `name{label="value"} number`, in one of the two text formats. Labels come in
 * declaration order; `le` and `quantile` come last.
 */
import type { Counter } from '../instruments/counter.js';
import type { Gauge } from '../instruments/gauge.js';
import { Histogram } from '../instruments/histogram.js';
import type { MetricSnapshot, Sample } from '../instruments/instrument.js';
import { Summary } from '../instruments/summary.js';
import type { AnyInstrument } from '../registry.js';
import { braced, type ExpositionFormat, labelText, numberText } from './format.js';

/** Labels added to every series that does not have them (a registry's default labels). */
export type ConstantLabels = ReadonlyMap<string, string>;

const noLabels: ConstantLabels = new Map();

/** About how many characters are handed on at once: large enough to be cheap, small enough to leave the loop free. */
const chunkLength = 32_768;

/** The family of an own instrument, in pieces of about {@link chunkLength} characters. */
export function* instrumentText(
  instrument: AnyInstrument,
  format: ExpositionFormat,
  constant: ConstantLabels = noLabels,
): IterableIterator<string> {
  const { name, help, type, labelNames, series: tree } = instrument;
  let text = format.header(name, help, type);
  const write = seriesWriter(instrument, format);
  const constantOthers = [...constant].filter(([label]) => !labelNames.includes(label));
  for (const series of tree) {
    let labels = '';
    const values = tree.valuesOf(series);
    for (let index = 0; index < labelNames.length; index++) {
      // An empty value is an absent label; the registry's own then shows.
      const label = labelNames[index] ?? '';
      const value = values[index] || (constant.get(label) ?? '');
      if (value !== '') labels += labels === '' ? labelText(label, value) : `,${labelText(label, value)}`;
    }
    for (const [label, value] of constantOthers)
      labels += labels === '' ? labelText(label, value) : `,${labelText(label, value)}`;
    text += write(series as never, labels);
    if (text.length < chunkLength) continue;
    yield text;
    text = '';
  }
  yield text;
}

/** The family of a foreign metric, from what its `get()` gave. The snapshot is read and never changed. */
export function snapshotText(
  snapshot: MetricSnapshot,
  format: ExpositionFormat,
  constant: ConstantLabels = noLabels,
): string {
  const { name, help, type, values } = snapshot;
  let text = format.header(name, help, type);
  for (const sample of values) {
    const sampleName = sample.metricName ?? (type === 'counter' ? format.counterSample(name) : name);
    const labels = braced(sampleLabels(sample, format, constant));
    text += `${sampleName}${labels} ${numberText(sample.value)}${format.exemplar(sample)}\n`;
  }
  return text;
}

type Writer = (series: never, labels: string) => string;

/** What writes the lines of one series of an instrument; what does not change from series to series is made once. */
function seriesWriter(instrument: AnyInstrument, format: ExpositionFormat): Writer {
  const { name } = instrument;
  if (instrument instanceof Histogram) {
    const bounds = [...instrument.definition.buckets.map(format.bound), '+Inf'].map(
      (bound) => `le="${bound}"} `,
    );
    return (series: ReturnType<typeof instrument.with>, labels) => {
      const prefix = labels === '' ? `${name}_bucket{` : `${name}_bucket{${labels},`;
      const counts = series.cumulativeCounts();
      let lines = '';
      for (let index = 0; index < counts.length; index++)
        lines += `${prefix}${bounds[index]}${counts[index]}\n`;
      return `${lines}${sumAndCount(name, labels, series.sum, counts.at(-1) ?? 0)}${format.created(name, labels, series.created)}`;
    };
  }
  if (instrument instanceof Summary) {
    const { quantiles } = instrument.definition;
    const bounds = quantiles.map(format.bound);
    return (series: ReturnType<typeof instrument.with>, labels) => {
      const prefix = labels === '' ? `${name}{` : `${name}{${labels},`;
      let lines = '';
      for (const [index, value] of (series.window?.quantiles(quantiles) ?? []).entries()) {
        lines += `${prefix}quantile="${bounds[index]}"} ${numberText(value)}\n`;
      }
      return `${lines}${sumAndCount(name, labels, series.sum, series.count)}${format.created(name, labels, series.created)}`;
    };
  }
  if (instrument.type === 'gauge') {
    return (series: ReturnType<Gauge['with']>, labels) =>
      `${name}${braced(labels)} ${numberText(series.value)}\n`;
  }
  const sample = format.counterSample(name);
  const family = sample.replace(/_total$/, '');
  return (series: ReturnType<Counter['with']>, labels) =>
    `${sample}${braced(labels)} ${numberText(series.value)}\n${format.created(family, labels, series.created)}`;
}

function sumAndCount(name: string, labels: string, sum: number, count: number): string {
  const suffix = braced(labels);
  return `${name}_sum${suffix} ${numberText(sum)}\n${name}_count${suffix} ${count}\n`;
}

function sampleLabels(sample: Sample, format: ExpositionFormat, constant: ConstantLabels): string {
  const parts: string[] = [];
  const last: string[] = [];
  const own = sample.labels ?? {};
  for (const [label, value] of Object.entries(own)) {
    if (value === '' || value === undefined || value === null) continue;
    if (label === 'le' || label === 'quantile') last.push(labelText(label, boundText(value, format)));
    else parts.push(labelText(label, String(value)));
  }
  for (const [label, value] of constant) {
    if (!Object.hasOwn(own, label) || own[label] === '') parts.push(labelText(label, value));
  }
  return [...parts, ...last].join(',');
}

/** Foreign metrics give their bounds as numbers, or as the text of one. */
function boundText(value: unknown, format: ExpositionFormat): string {
  const bound =
    typeof value === 'number' ? value : Number(value === '+Inf' ? Number.POSITIVE_INFINITY : value);
  return Number.isNaN(bound) ? String(value) : format.bound(bound);
}
