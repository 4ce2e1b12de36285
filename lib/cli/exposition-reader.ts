/** Reads an exposition of any program, in the text format or OpenMetrics: its families, their series and their labels. */
import { numberOf, readSample, type Sample } from '../exposition/lenient-sample-line.js';
import { decodedLines } from './decoded-lines.js';
import { type OpenMetricsLog, type OpenMetricsProblem, openMetricsLog } from './open-metrics-rules.js';
import { type ReadFormat, type Refusal, refusalLog } from './refusals.js';

/** A family of an exposition, with what the commands count. */
export interface ExposedFamily {
  readonly name: string;
  /** `counter`, `gauge`, `histogram`, `summary` or a type of OpenMetrics; `untyped` without a TYPE line. */
  readonly type: string;
  readonly help: string;
  /** Number of TYPE lines. */
  readonly typeLines: number;
  /** Number of HELP lines. */
  readonly helpLines: number;
  /** Lines with an invalid escape sequence. */
  readonly escapes: number;
  /** Samples whose `quantile` is not a number. */
  readonly invalidQuantiles: number;
  /** The labels among `le` and `quantile` that its samples have. */
  readonly bounds: ReadonlySet<string>;
  /** Whether its TYPE line follows samples. */
  readonly isTypedLate: boolean;
  /** Samples of a series that already has one. */
  readonly duplicates: number;
  /** Label sets without the bucket `+Inf`. */
  readonly withoutInf: number;
  /** Label sets with a bucket that is smaller than the one before it. */
  readonly notCumulative: number;
  /** Time series, as Prometheus stores them: each bucket is one. */
  readonly series: number;
  /** Distinct combinations of label values, without `le` and `quantile`: all samples of a histogram with the same labels are one. */
  readonly labelSets: number;
  /** Names of its samples: `calls_total` for the counter `calls` of OpenMetrics. */
  readonly samples: ReadonlySet<string>;
  /** Bytes of its lines, comments included. */
  readonly bytes: number;
  /** Label -> distinct values, as written. `le` and `quantile` are left out. */
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>;
}

/** An exposition, read to its end. */
export interface Exposition {
  readonly families: readonly ExposedFamily[];
  readonly bytes: number;
  readonly series: number;
  /** Number of lines that are neither samples nor comments. */
  readonly unreadable: number;
  /** The first 80 characters of the first such line. */
  readonly firstUnreadable: string;
  /** Reasons for which Prometheus rejects the whole scrape. */
  readonly refusals: readonly Refusal[];
  /** Whether the last line ends with a newline. */
  readonly hasEndOfLine: boolean;
  /** Violations of OpenMetrics that Prometheus accepts; none in the text format. */
  readonly forbidden: readonly OpenMetricsProblem[];
}

interface Building {
  readonly name: string;
  type: string;
  help: string;
  typeLines: number;
  helpLines: number;
  escapes: number;
  invalidQuantiles: number;
  isTypedLate: boolean;
  duplicates: number;
  series: number;
  bytes: number;
  readonly labelSets: Set<string>;
  readonly samples: Set<string>;
  readonly labels: Map<string, Set<string>>;
  readonly bounds: Set<string>;
  readonly seriesKeys: Set<string>;
  /** Label set -> bound and count of each bucket. */
  readonly buckets: Map<string, (readonly [bound: number, count: number])[]>;
}

/** Suffixes of the samples of each type. */
const partsOfType: ReadonlyMap<string, readonly string[]> = new Map([
  ['counter', ['_total', '_created']],
  ['histogram', ['_bucket', '_sum', '_count', '_created']],
  ['summary', ['_sum', '_count', '_created']],
  ['gaugehistogram', ['_bucket', '_gsum', '_gcount']],
  ['info', ['_info']],
]);

const metadataPattern =
  /^[ \t]*#[ \t]+(HELP|TYPE|UNIT)[ \t]+(?:"([^"\\]*(?:\\.[^"\\]*)*)"|([^ \t]+))(?:[ \t]+(.*))?$/s;
const ignoredPattern = /^[ \t]*(?:#|$)/;

/**
 * Reads an exposition line by line, so that one of many megabytes is never held as a whole.
 * @param chunks the text, divided anywhere
 * @param contentType the `Content-Type` of an endpoint. Without it, a text with `# EOF` is OpenMetrics.
 */
export async function readExposition(
  chunks: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>,
  contentType?: string,
): Promise<Exposition> {
  const log = refusalLog();
  const strict = openMetricsLog();
  let hasEnd = false;
  const families = new Map<string, Building>();
  let bytes = 0;
  let series = 0;
  let unreadable = 0;
  let firstUnreadable = '';
  const readLine = (line: string, size: number): void => {
    bytes += size;
    if (ignoredPattern.test(line)) {
      hasEnd ||= line === '# EOF';
      readMetadata(families, line, size, strict.metadata);
      return;
    }
    const sample = readSample(line);
    if (sample === undefined) {
      if (unreadable === 0) firstUnreadable = line.slice(0, 80);
      unreadable += 1;
      return;
    }
    const family = familyOf(sample.name, families);
    family.bytes += size;
    family.series += 1;
    series += 1;
    family.samples.add(sample.name);
    addSample(family, sample);
    strict.sample(sample);
  };
  let hasEndOfLine = true;
  for await (const [line, size] of decodedLines(chunks)) {
    hasEndOfLine = size > Buffer.byteLength(line);
    log.add(line);
    readLine(line.replace(/^\ufeff|\r$/g, ''), size);
  }
  const format = formatOf(contentType) ?? (hasEnd ? 'openmetrics' : 'text');
  return {
    families: [...families.values()].map(exposed),
    bytes,
    series,
    unreadable,
    firstUnreadable,
    refusals: [...typeRefusals(contentType), ...log.end(format)],
    hasEndOfLine,
    forbidden: format === 'openmetrics' ? strict.end() : [],
  };
}

function formatOf(contentType: string | undefined): ReadFormat | undefined {
  if (contentType === undefined) return undefined;
  return /^\s*application\/openmetrics-text\s*(?:;|$)/i.test(contentType) ? 'openmetrics' : 'text';
}

/** The types that Prometheus 3 accepts. Prometheus 2 reads everything except OpenMetrics as text. */
const readContentType =
  /^\s*(?:text\/plain|application\/openmetrics-text)\s*(?:;\s*[\w-]+=(?:"[^"]*"|[\w.+-]+)\s*)*;?$/i;

function typeRefusals(contentType: string | undefined): readonly Refusal[] {
  if (contentType === undefined || readContentType.test(contentType)) return [];
  const problem = 'an unknown Content-Type (Prometheus 3 only)';
  return [{ problem, lines: 1, line: 0, text: contentType }];
}

function exposed({ seriesKeys: _, buckets, ...family }: Building): ExposedFamily {
  const sorted = [...buckets.values()].map((each) => each.sort(([left], [right]) => left - right));
  return {
    ...family,
    labelSets: family.labelSets.size,
    withoutInf: sorted.filter((each) => each.at(-1)?.[0] !== Number.POSITIVE_INFINITY).length,
    notCumulative: sorted.filter((each) =>
      each.some(([, count], index) => count < (each[index - 1]?.[1] ?? Number.NEGATIVE_INFINITY)),
    ).length,
  };
}

function familyNamed(name: string, families: Map<string, Building>): Building {
  const existing = families.get(name);
  if (existing !== undefined) return existing;
  const made: Building = {
    name,
    type: 'untyped',
    help: '',
    typeLines: 0,
    helpLines: 0,
    escapes: 0,
    invalidQuantiles: 0,
    isTypedLate: false,
    duplicates: 0,
    series: 0,
    bytes: 0,
    labelSets: new Set(),
    samples: new Set(),
    labels: new Map(),
    bounds: new Set(),
    seriesKeys: new Set(),
    buckets: new Map(),
  };
  families.set(name, made);
  return made;
}

/** The family of a sample: the one with its name, or the one without its suffix. */
function familyOf(sample: string, families: Map<string, Building>): Building {
  const own = families.get(sample);
  if (own !== undefined) return own;
  const cut = sample.lastIndexOf('_');
  const suffix = sample.slice(cut);
  for (const name of [sample.slice(0, cut), `${sample.slice(0, cut)}_total`]) {
    const family = families.get(name);
    if (family !== undefined && partsOfType.get(family.type)?.includes(suffix) === true) return family;
  }
  return familyNamed(sample, families);
}

function readMetadata(
  families: Map<string, Building>,
  line: string,
  size: number,
  note: OpenMetricsLog['metadata'],
): void {
  const [, keyword, quoted, plain, rest = ''] = metadataPattern.exec(line) ?? [];
  const name = quoted ?? plain;
  if (keyword === undefined || name === undefined) return;
  note(keyword, name, rest);
  const family = familyNamed(name, families);
  family.bytes += size;
  if (keyword === 'TYPE') {
    family.type = rest.trim().toLowerCase() || 'untyped';
    family.typeLines += 1;
    family.isTypedLate ||= family.samples.size > 0;
  }
  if (keyword !== 'HELP') return;
  family.helpLines += 1;
  if (hasUnknownEscape(rest)) family.escapes += 1;
  family.help = rest.replaceAll(/\\(.)/gs, (_, escaped) => (escaped === 'n' ? '\n' : escaped));
}

function addSample(family: Building, { name, labels, value, timestamp = '' }: Sample): void {
  if (labels.some(([, text]) => hasUnknownEscape(text))) family.escapes += 1;
  const quantile = labels.find(([label]) => label === 'quantile')?.[1];
  if (family.type === 'summary' && quantile !== undefined && Number.isNaN(numberOf(quantile)))
    family.invalidQuantiles += 1;
  const own = labels.filter(([label]) => label !== 'le' && label !== 'quantile');
  for (const [label] of labels) if (label === 'le' || label === 'quantile') family.bounds.add(label);
  const labelSet = labelSetKey(own);
  family.labelSets.add(labelSet);
  for (const [label, text] of own) {
    const values = family.labels.get(label);
    if (values === undefined) family.labels.set(label, new Set([text]));
    else values.add(text);
  }
  const series = `${name}{${own.length < labels.length ? labelSetKey(labels) : labelSet}}${timestamp}`;
  if (family.seriesKeys.has(series)) family.duplicates += 1;
  family.seriesKeys.add(series);
  const bound = labels.find(([label]) => label === 'le')?.[1];
  if (!family.type.endsWith('histogram') || bound === undefined) return;
  const buckets = family.buckets.get(labelSet) ?? [];
  family.buckets.set(labelSet, buckets);
  buckets.push([numberOf(bound), numberOf(value)]);
}

function hasUnknownEscape(text: string): boolean {
  return text.includes('\\') && /\\[^\\n"]/s.test(text.replaceAll('\\\\', ''));
}

/** Sorted, since programs may write the same labels in different orders. */
function labelSetKey(labels: Sample['labels']): string {
  return labels
    .map(([label, value]) => `${label}="${value}"`)
    .sort()
    .join();
}
