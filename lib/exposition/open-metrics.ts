/**
 * OpenMetrics 1.0.0 (openmetrics.io, "OpenMetrics, a cloud-native, highly scalable metrics protocol"). A counter's family is
 * written without `_total`, its sample with it; bounds are floats in their canonical form; the text ends with `# EOF`.
 */
import { type ExpositionFormat, escapedLabelValue, numberText, partsOf, type WrittenType } from './format.js';

/** The `Content-Type` of OpenMetrics 1.0.0. @see https://prometheus.io/docs/specs/om/open_metrics_spec/ */
export const openMetricsContentType = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** The required suffix of a counter in OpenMetrics. */
export const counterSuffix = '_total';

/** Units whose name a family may end with, for the UNIT line. */
const units = ['seconds', 'bytes', 'ratio', 'celsius', 'meters', 'grams', 'joules', 'volts', 'amperes'];

/** OpenMetrics 1.0.0, without `_created` samples. A counter without `_total` keeps its name and has the type `unknown`. */
export const openMetricsFormat: ExpositionFormat = Object.freeze({
  label: 'openmetrics',
  contentType: openMetricsContentType,
  header: (name, help, type) => {
    const family = type === 'counter' ? familyOf(name) : name;
    const unit = units.find((each) => family.endsWith(`_${each}`));
    const unitLine = unit === undefined ? '' : `# UNIT ${family} ${unit}\n`;
    return `# TYPE ${family} ${type}\n${unitLine}# HELP ${family} ${escapedLabelValue(help)}\n`;
  },
  claimedNames: (name, type) => {
    if (type === 'counter') return [name, familyOf(name), `${familyOf(name)}_created`];
    const parts = partsOf(type);
    return ['', ...parts, ...(parts.length === 0 ? [] : ['_created'])].map((part) => `${name}${part}`);
  },
  isStrict: true,
  hasNegativeSums: false,
  bound: canonicalFloat,
  createdSample: () => undefined,
  hasExemplars: true,
  end: '# EOF\n',
} satisfies ExpositionFormat);

/** With `_created` samples: one more series per series of a counter, histogram or summary. */
export const openMetricsWithCreated: ExpositionFormat = Object.freeze({
  ...openMetricsFormat,
  createdSample: (name: string, type: WrittenType) =>
    type === 'gauge' || type === 'unknown'
      ? undefined
      : `${type === 'counter' ? familyOf(name) : name}_created`,
});

function familyOf(counter: string): string {
  return counter.slice(0, -counterSuffix.length);
}

/** A float in canonical form, as required for bounds: `1.0`, `0.005`, `+Inf`. */
function canonicalFloat(value: number): string {
  const text = numberText(value);
  return Number.isInteger(value) && /^-?\d+$/.test(text) ? `${text}.0` : text;
}
