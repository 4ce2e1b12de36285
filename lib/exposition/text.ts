/**
 * Prometheus' text format, version 0.0.4: families of lines, each `name{label="value"} number`.
 * Source: Prometheus' "Exposition formats". Labels come in declaration order; `le` and `quantile` come last.
 */
import type { Counter } from '../instruments/counter.js';
import type { Gauge } from '../instruments/gauge.js';
import { Histogram } from '../instruments/histogram.js';
import type { MetricSnapshot, Sample } from '../instruments/instrument.js';
import { Summary } from '../instruments/summary.js';
import type { AnyInstrument } from '../registry.js';

export const textContentType = 'text/plain; version=0.0.4; charset=utf-8';

/** Labels added to every series that does not have them (a registry's default labels). */
export type ConstantLabels = ReadonlyMap<string, string>;

const noLabels: ConstantLabels = new Map();

/** About how many characters are handed on at once: large enough to be cheap, small enough to leave the loop free. */
const chunkLength = 32_768;

/** The family of an own instrument, in pieces of about {@link chunkLength} characters. */
export function* instrumentText(
  instrument: AnyInstrument,
  constant: ConstantLabels = noLabels,
): IterableIterator<string> {
  const { name, help, type, labelNames, series: tree } = instrument;
  let text = header(name, help, type);
  const write = seriesWriter(instrument);
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

/** The family of a foreign metric, from what its `get()` gave. */
export function snapshotText(snapshot: MetricSnapshot, constant: ConstantLabels = noLabels): string {
  let text = header(snapshot.name, snapshot.help, snapshot.type);
  for (const sample of snapshot.values)
    text += `${sampleName(snapshot, sample)}${braced(sampleLabels(sample, constant))} ${numberText(sample.value)}\n`;
  return text;
}

/** A number as Prometheus reads it. */
export function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}

type Writer = (series: never, labels: string) => string;

/** What writes the lines of one series of an instrument; what does not change from series to series is made once. */
function seriesWriter(instrument: AnyInstrument): Writer {
  const { name } = instrument;
  if (instrument instanceof Histogram) {
    const bounds = [...instrument.definition.buckets.map(numberText), '+Inf'].map(
      (bound) => `le="${bound}"} `,
    );
    return (series: ReturnType<typeof instrument.with>, labels) => {
      const prefix = labels === '' ? `${name}_bucket{` : `${name}_bucket{${labels},`;
      const counts = series.cumulativeCounts();
      let lines = '';
      for (let index = 0; index < counts.length; index++)
        lines += `${prefix}${bounds[index]}${counts[index]}\n`;
      return `${lines}${sumAndCount(name, labels, series.sum, counts.at(-1) ?? 0)}`;
    };
  }
  if (instrument instanceof Summary) {
    const { quantiles } = instrument.definition;
    return (series: ReturnType<typeof instrument.with>, labels) => {
      const prefix = labels === '' ? `${name}{` : `${name}{${labels},`;
      let lines = '';
      for (const [index, value] of (series.window?.quantiles(quantiles) ?? []).entries()) {
        lines += `${prefix}quantile="${quantiles[index]}"} ${numberText(value)}\n`;
      }
      return `${lines}${sumAndCount(name, labels, series.sum, series.count)}`;
    };
  }
  return (series: ReturnType<(Counter | Gauge)['with']>, labels) =>
    `${name}${braced(labels)} ${numberText(series.value)}\n`;
}

function sumAndCount(name: string, labels: string, sum: number, count: number): string {
  const suffix = braced(labels);
  return `${name}_sum${suffix} ${numberText(sum)}\n${name}_count${suffix} ${count}\n`;
}

function header(name: string, help: string, type: string): string {
  return `# HELP ${name} ${escapedHelp(help)}\n# TYPE ${name} ${type}\n`;
}

function sampleName(snapshot: MetricSnapshot, sample: Sample): string {
  return sample.metricName ?? snapshot.name;
}

function sampleLabels(sample: Sample, constant: ConstantLabels): string {
  const parts: string[] = [];
  const last: string[] = [];
  const own = sample.labels ?? {};
  for (const [label, value] of Object.entries(own)) {
    if (value === '' || value === undefined || value === null) continue;
    (label === 'le' || label === 'quantile' ? last : parts).push(labelText(label, boundText(value)));
  }
  for (const [label, value] of constant) {
    if (!Object.hasOwn(own, label) || own[label] === '') parts.push(labelText(label, value));
  }
  return [...parts, ...last].join(',');
}

function boundText(value: unknown): string {
  return typeof value === 'number' ? numberText(value) : String(value);
}

function braced(labels: string): string {
  return labels === '' ? '' : `{${labels}}`;
}

function labelText(name: string, value: string): string {
  return `${name}="${escapedLabelValue(value)}"`;
}

function escapedLabelValue(value: string): string {
  return /[\\\n"]/.test(value)
    ? value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
    : value;
}

function escapedHelp(help: string): string {
  return help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
