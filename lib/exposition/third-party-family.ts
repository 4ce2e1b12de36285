/** Reads the family of a third-party metric line by line, and writes it as text. Lines that the format forbids are left out. */
import { shown } from '../errors.js';
import type { MetricSnapshot, Sample } from '../instruments/instrument.js';
import type { NativeBuckets } from '../instruments/native-buckets.js';
import { isUserLabelName } from '../naming.js';
import {
  braced,
  type ExpositionFormat,
  isLabelValue,
  labelText,
  numberText,
  partsOf,
  type ScrapeFormat,
  type WrittenType,
} from './format.js';
import { exemplarText, type ReadExemplar, readExemplar } from './sample-exemplar.js';

/** Labels to add to every series without them, such as the default labels of a registry. */
export type ConstantLabels = ReadonlyMap<string, string>;

export interface ThirdPartyOptions {
  readonly format: ScrapeFormat;
  readonly type: WrittenType;
  readonly constant: ConstantLabels;
  /** Whether the samples are grouped by series and unique, so that none is buffered. Default: false. */
  readonly isMerged?: boolean;
  /** Called with each problem that leaves lines out, as the end of a sentence "the metric has ...". */
  readonly onProblem: (problem: string) => void;
}

/** A checked sample. */
export interface Line {
  readonly name: string;
  /** Without the bound. */
  readonly pairs: readonly (readonly [label: string, value: string])[];
  /** Without the bound and the braces. */
  readonly labels: string;
  /** The bound of a bucket, or a quantile. */
  readonly bound: number | undefined;
  readonly value: number;
  readonly exemplar: ReadExemplar | undefined;
  /** The native buckets of the series of a histogram, with its count. */
  readonly native: NativeBuckets | undefined;
}

/** The text of a family, in pieces; an empty one while samples are read and none is written. The snapshot is not modified. */
export function* thirdPartyText(
  family: Pick<MetricSnapshot, 'name' | 'help'>,
  samples: Iterable<Sample>,
  options: ThirdPartyOptions & { readonly format: ExpositionFormat },
): Generator<string> {
  const { format, type } = options;
  const { name, help } = family;
  yield format.header(name, typeof help === 'string' ? help : '', type);
  for (const series of seriesOf(name, samples, options)) {
    if (series.length === 0) yield '';
    for (const line of series) yield lineText(line, type, format);
  }
}

/**
 * The lines of a family by series; those of a counter or gauge one by one. Empty lists in between, while many samples are read and
 * none can be written, so that the event loop can turn.
 */
export function* seriesOf(
  name: string,
  samples: Iterable<Sample>,
  options: ThirdPartyOptions,
): Generator<readonly Line[]> {
  const { format, type, onProblem } = options;
  const lines = validLines(name, samples, options);
  if (type === 'summary' || type === 'histogram') {
    // In OpenMetrics, the lines of a series must be adjacent, and are valid only together.
    for (const series of options.isMerged === true ? neighbours(lines) : grouped(lines)) {
      if (series.length === 0) {
        yield series;
        continue;
      }
      const chosen =
        type === 'histogram'
          ? histogramLines(series, name, format, onProblem)
          : summaryLines(series, name, format);
      if (chosen.length > 0) yield chosen;
    }
  } else for (const line of lines) yield [line];
}

function* validLines(name: string, samples: Iterable<Sample>, options: ThirdPartyOptions): Generator<Line> {
  const seen = new Set<string>();
  for (const sample of samples) {
    const line = readLine(name, sample, options);
    if (line === undefined) continue;
    if (options.isMerged !== true) {
      const series = `${line.name} ${line.bound} ${line.labels}`;
      if (seen.has(series)) {
        options.onProblem(`a series twice (\`${line.name}${braced(line.labels)}\`)`);
        continue;
      }
      seen.add(series);
    }
    yield line;
  }
}

function readLine(metric: string, sample: Sample, options: ThirdPartyOptions): Line | undefined {
  const { format, type, onProblem } = options;
  try {
    const { value, metricName: name = metric } = sample;
    const suffix = name.startsWith(metric) ? name.slice(metric.length) : undefined;
    const boundName = boundNameOf(type, suffix);
    const pairs = labelsOf(sample, boundName, options.constant);
    const bound = boundName === undefined ? undefined : boundOf(sample.labels?.[boundName]);
    const problem =
      nameProblem(name, type, suffix) ??
      (typeof value === 'number' ? undefined : `a value that is no number (${shown(value)})`) ??
      (format.isStrict && type === 'counter' && !(value >= 0)
        ? `a counter's value that is negative or NaN (${value})`
        : undefined) ??
      (Number.isNaN(bound)
        ? `an invalid \`${boundName}\` (${shown(sample.labels?.[boundName ?? ''])})`
        : undefined);
    if (problem !== undefined) {
      onProblem(problem);
      return undefined;
    }
    const mayHaveExemplar = type === 'counter' || boundName === 'le';
    const read = mayHaveExemplar && format.hasExemplars ? readExemplar(sample) : undefined;
    if (read === 'invalid') onProblem('an exemplar that OpenMetrics forbids');
    const exemplar = read === 'invalid' ? undefined : read;
    const labels = pairs.map(([label, text]) => labelText(label, text)).join(',');
    return { name, pairs, labels, bound, value, exemplar, native: sample.native };
  } catch (error) {
    onProblem(error instanceof Error ? error.message : `a sample that cannot be read (${shown(error)})`);
    return undefined;
  }
}

function nameProblem(name: string, type: WrittenType, suffix: string | undefined): string | undefined {
  const isOwn = suffix === '' ? type !== 'histogram' : partsOf(type).includes(suffix ?? '');
  return isOwn ? undefined : `a sample whose name does not belong to its type (${shown(name)})`;
}

function boundNameOf(type: WrittenType, suffix: string | undefined): 'le' | 'quantile' | undefined {
  if (type === 'histogram' && suffix === '_bucket') return 'le';
  return type === 'summary' && suffix === '' ? 'quantile' : undefined;
}

/** Third-party metrics have bounds as numbers or strings. */
function boundOf(value: unknown): number {
  if (value === '+Inf') return Number.POSITIVE_INFINITY;
  return value === '' ? Number.NaN : Number(value);
}

/** @throws Error for an invalid label name or value */
function labelsOf(sample: Sample, boundName: string | undefined, constant: ConstantLabels): Line['pairs'] {
  const own: Readonly<Record<string, unknown>> = sample.labels ?? {};
  const pairs: (readonly [label: string, value: string])[] = [];
  for (const [label, value] of Object.entries(own)) {
    if (value === '' || value === undefined || value === null || label === boundName) continue;
    if (!isUserLabelName(label)) throw new Error(`an invalid label name (${shown(label)})`);
    if (!isLabelValue(value)) throw new Error(`an invalid value of label \`${label}\` (${shown(value)})`);
    pairs.push([label, String(value)]);
  }
  for (const [label, value] of constant)
    if (!Object.hasOwn(own, label) || own[label] === '') pairs.push([label, value]);
  return pairs;
}

function* neighbours(lines: Iterable<Line>): Generator<readonly Line[]> {
  let series: Line[] = [];
  for (const line of lines) {
    if (series.length > 0 && series[0]?.labels !== line.labels) {
      yield series;
      series = [];
    }
    series.push(line);
  }
  if (series.length > 0) yield series;
}

/** Lines are read in batches of this number, with an empty list after each. */
const batch = 1_000;

function* grouped(lines: Iterable<Line>): Generator<readonly Line[]> {
  const groups = new Map<string, Line[]>();
  let read = 0;
  for (const line of lines) {
    const group = groups.get(line.labels);
    if (group === undefined) groups.set(line.labels, [line]);
    else group.push(line);
    read += 1;
    if (read % batch === 0) yield [];
  }
  yield* groups.values();
}

/** All lines of a series, or none if its buckets are invalid. */
function histogramLines(
  series: readonly Line[],
  metric: string,
  format: ScrapeFormat,
  onProblem: ThirdPartyOptions['onProblem'],
): readonly Line[] {
  const buckets = series
    .filter(({ bound }) => bound !== undefined)
    .sort((a, b) => Number(a.bound) - Number(b.bound));
  const total = buckets.at(-1);
  const problem =
    total?.bound !== Number.POSITIVE_INFINITY
      ? 'a histogram without the bucket `+Inf`'
      : buckets.some(({ value }, index) => !(value >= (buckets[index - 1]?.value ?? 0)))
        ? 'buckets that are not cumulative'
        : format.isStrict && !buckets.every(({ value }) => Number.isInteger(value))
          ? 'buckets that hold fractions'
          : undefined;
  if (problem !== undefined) {
    onProblem(problem);
    return [];
  }
  const part = (suffix: string): Line | undefined => series.find(({ name }) => name === `${metric}${suffix}`);
  const [sum, count] = [part('_sum'), part('_count')];
  const hasSum =
    format.hasNegativeSums ||
    (sum !== undefined && sum.value >= 0 && count?.value === total?.value && Number(buckets[0]?.bound) >= 0);
  return hasSum ? [...buckets, ...[sum, count].filter((line) => line !== undefined)] : buckets;
}

/** OpenMetrics has no negative quantiles and sums. */
function summaryLines(series: readonly Line[], metric: string, format: ScrapeFormat): readonly Line[] {
  const isCount = ({ name }: Line): boolean => name === `${metric}_sum` || name === `${metric}_count`;
  const lines = [...series.filter((line) => !isCount(line)), ...series.filter(isCount)];
  return format.hasNegativeSums
    ? lines
    : lines.filter((line) => (isCount(line) ? line.value >= 0 : !(line.value < 0)));
}

function lineText(line: Line, type: WrittenType, format: ExpositionFormat): string {
  const { name, labels, bound, value, exemplar } = line;
  const boundText =
    bound === undefined ? '' : labelText(type === 'histogram' ? 'le' : 'quantile', format.bound(bound));
  const all = labels === '' || boundText === '' ? labels + boundText : `${labels},${boundText}`;
  return `${name}${braced(all)} ${numberText(value)}${exemplar === undefined ? '' : exemplarText(exemplar)}\n`;
}
