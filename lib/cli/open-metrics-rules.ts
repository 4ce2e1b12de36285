/**
 * Rules of OpenMetrics 1.0 that Prometheus does not check. Strict parsers, such as the one of Python, reject the whole scrape.
 * @see https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
import { numberOf, type Sample } from '../exposition/lenient-sample-line.js';

/** A violation of the rules. */
export interface OpenMetricsProblem {
  readonly metric: string;
  /** Completes "it has". */
  readonly problem: string;
}

/** Checks the lines of an exposition, in order. */
export interface OpenMetricsLog {
  /** Checks a HELP, TYPE or UNIT line. */
  metadata(keyword: string, name: string, text: string): void;
  /** Checks a sample line. */
  sample(sample: Sample): void;
  /** The violations, each one once per metric. */
  end(): readonly OpenMetricsProblem[];
}

interface Family {
  readonly name: string;
  readonly keywords: Set<string>;
  /** Label sets of the samples so far. */
  readonly groups: Set<string>;
  type: string;
  unit: string;
  group: Group | undefined;
}

/** The consecutive samples of one label set. */
interface Group {
  readonly key: string;
  /** Suffix -> value of the last sample. */
  readonly values: Map<string, number>;
  /** Bounds, in the order of the lines. */
  readonly bounds: number[];
  /** Name and bound of the last sample. */
  series: string;
  timestamp: number | undefined;
}

/** Suffixes of the samples of each type. */
const suffixes: ReadonlyMap<string, readonly string[]> = new Map([
  ['counter', ['_total', '_created']],
  ['histogram', ['_bucket', '_sum', '_count', '_created']],
  ['gaugehistogram', ['_bucket', '_gsum', '_gcount']],
  ['summary', ['', '_sum', '_count', '_created']],
  ['info', ['_info']],
]);
const plain = [''];
const counts: ReadonlySet<string> = new Set(['_bucket', '_count', '_gcount']);
const maxExemplarRunes = 128;

export function openMetricsLog(): OpenMetricsLog {
  const problems = new Map<string, OpenMetricsProblem>();
  const families = new Set<string>();
  /** Name of a sample or a family -> its family. */
  const claimed = new Map<string, string>();
  let current: Family | undefined;
  const note = (metric: string, problem: string | undefined): void => {
    if (problem !== undefined) problems.set(`${metric} ${problem}`, { metric, problem });
  };
  const endFamily = (): void => {
    if (current === undefined) return;
    note(current.name, problemOfGroup(current));
    if (current.unit !== '' && (current.type === 'info' || current.type === 'stateset'))
      note(current.name, `a unit, and the type \`${current.type}\``);
    for (const suffix of ['', ...suffixesOf(current)]) {
      const name = `${current.name}${suffix}`;
      if ((claimed.get(name) ?? current.name) !== current.name)
        note(current.name, `a name that is taken by \`${claimed.get(name)}\` (\`${name}\`)`);
      claimed.set(name, current.name);
    }
  };
  const familyNamed = (name: string): Family => {
    if (current?.name === name) return current;
    endFamily();
    if (families.has(name)) note(name, 'lines that are not consecutive');
    families.add(name);
    current = { name, keywords: new Set(), groups: new Set(), type: 'unknown', unit: '', group: undefined };
    return current;
  };
  return {
    metadata(keyword, name, text) {
      const family = familyNamed(name);
      if (family.keywords.has(keyword)) note(name, `two ${keyword} lines`);
      if (family.groups.size > 0) note(name, `a ${keyword} line after its samples`);
      family.keywords.add(keyword);
      if (keyword === 'TYPE') family.type = text;
      if (keyword === 'UNIT') family.unit = text;
    },
    sample(sample) {
      const isPart = current !== undefined && suffixesOf(current).includes(suffixIn(current, sample.name));
      const family = isPart && current !== undefined ? current : familyNamed(sample.name);
      const suffix = suffixIn(family, sample.name);
      if (!suffixesOf(family).includes(suffix))
        note(family.name, 'a sample whose name does not belong to its type');
      note(family.name, problemOfLabels(family, suffix, sample) ?? problemOfValue(family, suffix, sample));
      const key = groupKey(family, sample);
      if (family.group?.key !== key) {
        note(family.name, problemOfGroup(family));
        if (family.groups.has(key)) note(family.name, 'samples of one label set that are not consecutive');
        family.groups.add(key);
        family.group = { key, values: new Map(), bounds: [], series: '', timestamp: undefined };
      }
      note(family.name, addedTo(family.group as Group, suffix, sample));
    },
    end() {
      endFamily();
      return [...problems.values()];
    },
  };
}

function suffixesOf({ type }: Family): readonly string[] {
  return suffixes.get(type) ?? plain;
}

function suffixIn({ name }: Family, sample: string): string {
  return sample.startsWith(name) ? sample.slice(name.length) : sample;
}

function groupKey({ name, type }: Family, { labels }: Sample): string {
  const own = type === 'stateset' ? [name] : ['le', 'quantile'];
  return JSON.stringify(labels.filter(([label]) => !own.includes(label)).sort());
}

function problemOfLabels(
  { name, type }: Family,
  suffix: string,
  { labels, exemplar }: Sample,
): string | undefined {
  const given = (label: string): string | undefined => labels.find(([each]) => each === label)?.[1];
  if (suffix === '_bucket' && Number.isNaN(boundOf(given('le')))) return 'a bucket without a number as `le`';
  if (suffix === '' && type === 'summary') {
    const quantile = boundOf(given('quantile'));
    if (!(quantile >= 0 && quantile <= 1)) return 'a `quantile` that is not between 0 and 1';
  }
  if (type === 'stateset' && given(name) === undefined) return `a state without the label \`${name}\``;
  if (exemplar !== undefined && suffix !== '_total' && suffix !== '_bucket')
    return 'an exemplar of a sample that is neither a counter nor a bucket';
  const text = exemplar?.labels.flat().join('').replaceAll(/\\(.)/gs, '$1') ?? '';
  return [...text].length > maxExemplarRunes
    ? `an exemplar whose labels have more than ${maxExemplarRunes} characters`
    : undefined;
}

function problemOfValue({ type }: Family, suffix: string, { value }: Sample): string | undefined {
  const number = numberOf(value);
  if (type === 'info' && number !== 1) return 'an info that is not 1';
  if (type === 'stateset' && number !== 0 && number !== 1) return 'a state that is neither 0 nor 1';
  if (counts.has(suffix) && !(number >= 0 && Number.isInteger(number)))
    return 'a count that is not a whole number';
  if ((suffix === '_total' || suffix === '_sum') && !(number >= 0)) return 'a value that is negative or NaN';
  if (suffix === '_gsum' && Number.isNaN(number)) return 'a sum that is NaN';
  return type === 'summary' && suffix === '' && number < 0 ? 'a negative quantile' : undefined;
}

/** Adds a sample to its label set. @returns how it contradicts the samples before it */
function addedTo(
  group: Group,
  suffix: string,
  { name, labels, value, timestamp }: Sample,
): string | undefined {
  const series = `${name} ${labels.find(([label]) => label === 'le' || label === 'quantile')?.[1]}`;
  const isFirst = group.series === '';
  const isNext = series === group.series;
  const [before, now] = [group.timestamp, timestamp === undefined ? undefined : Number(timestamp)];
  const bound = suffix === '_bucket' ? boundOf(labels.find(([label]) => label === 'le')?.[1]) : undefined;
  const isDescending =
    bound !== undefined && !isNext && group.bounds.length > 0 && bound <= Number(group.bounds.at(-1));
  group.series = series;
  group.timestamp = now;
  group.values.set(suffix, numberOf(value));
  if (bound !== undefined) group.bounds.push(bound);
  if (isDescending) return 'buckets that do not ascend';
  if (!isFirst && (before === undefined) !== (now === undefined))
    return 'timestamps on only some samples of a label set';
  return isNext && Number(before) > Number(now) ? 'timestamps that go back' : undefined;
}

function problemOfGroup({ type, group }: Family): string | undefined {
  if (group === undefined || (type !== 'histogram' && type !== 'gaugehistogram')) return undefined;
  const { values, bounds } = group;
  const [sum, count] = type === 'histogram' ? ['_sum', '_count'] : ['_gsum', '_gcount'];
  if (bounds.at(-1) !== Number.POSITIVE_INFINITY) return 'a label set without the bucket `+Inf`';
  if (values.has(sum) !== values.has(count)) return `\`${sum}\` or \`${count}\` without the other`;
  if (values.has(count) && values.get(count) !== values.get('_bucket'))
    return `a \`${count}\` that differs from the bucket \`+Inf\``;
  const isNegative = Number(bounds[0]) < 0;
  if (type === 'histogram' && isNegative && values.has(sum)) return 'a sum and negative buckets';
  return !isNegative && Number(values.get(sum)) < 0 ? 'a negative sum without negative buckets' : undefined;
}

/** A bound as a number; NaN if it is invalid. */
function boundOf(text: string | undefined): number {
  if (text === '+Inf' || text === '-Inf') return numberOf(text);
  return text === undefined || text.trim() === '' ? Number.NaN : Number(text);
}
