/**
 * OpenMetrics 1.0.0 (openmetrics.io, "OpenMetrics, a cloud-native, highly scalable metrics protocol"). A counter's family goes
 * without `_total`, its sample with it; bounds are floats in their canonical form; counters, histograms and summaries tell
 * since when they count; the text ends with `# EOF`.
 */
import type { Sample } from '../instruments/instrument.js';
import { type ExpositionFormat, escapedLabelValue, labelText, numberText } from './format.js';

export const openMetricsContentType = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** Units whose name a family may end with, for the UNIT line. */
const units = ['seconds', 'bytes', 'ratio', 'celsius', 'meters', 'grams', 'joules', 'volts', 'amperes'];

/** Types by the names that prom-client gives them. */
const types: Readonly<Record<string, string>> = {
  counter: 'counter',
  gauge: 'gauge',
  histogram: 'histogram',
  summary: 'summary',
};

/** Runes that the names and values of an exemplar's labels may have together. */
const longestExemplar = 128;

export const openMetricsFormat: ExpositionFormat = Object.freeze({
  label: 'openmetrics',
  contentType: openMetricsContentType,
  header: (name: string, help: string, type: string) => {
    const family = type === 'counter' ? familyOf(name) : name;
    const unit = units.find((each) => family.endsWith(`_${each}`));
    const unitLine = unit === undefined ? '' : `# UNIT ${family} ${unit}\n`;
    return `# TYPE ${family} ${types[type] ?? 'unknown'}\n${unitLine}# HELP ${family} ${escapedLabelValue(help)}\n`;
  },
  counterSample: (name: string) => `${familyOf(name)}_total`,
  bound: canonicalFloat,
  createdSample: (family: string) => `${family}_created`,
  exemplar: exemplarText,
  end: '# EOF\n',
});

function familyOf(counter: string): string {
  return counter.endsWith('_total') ? counter.slice(0, -'_total'.length) : counter;
}

/** A float as the specification wants bounds: `1.0`, `0.005`, `1e+06`, `+Inf`. */
function canonicalFloat(value: number): string {
  const text = numberText(value);
  return Number.isInteger(value) && /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** The exemplar that prom-client keeps beside a sample. One that the specification forbids is left out. */
function exemplarText(sample: Sample): string {
  const { exemplar } = sample as { exemplar?: unknown };
  if (typeof exemplar !== 'object' || exemplar === null) return '';
  const { labelSet, value, timestamp } = exemplar as {
    labelSet?: Readonly<Record<string, unknown>>;
    value?: unknown;
    timestamp?: unknown;
  };
  if (typeof value !== 'number') return '';
  const labels = Object.entries(labelSet ?? {}).map(([name, text]) => [name, String(text)] as const);
  if (labels.length === 0) return '';
  const runes = labels.reduce((sum, [name, text]) => sum + [...name].length + [...text].length, 0);
  if (runes > longestExemplar) return '';
  const when = typeof timestamp === 'number' ? ` ${timestamp}` : '';
  return ` # {${labels.map(([name, text]) => labelText(name, text)).join(',')}} ${numberText(value)}${when}`;
}
