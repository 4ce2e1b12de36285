/** Reads an exposition, Prometheus' text or OpenMetrics, of whatever program: which families it has and what they hold. */
import { readSample } from './sample-line.js';

export interface ExposedFamily {
  readonly name: string;
  /** `counter`, `gauge`, `histogram`, `summary`, a type of OpenMetrics, or `untyped` where it does not say. */
  readonly type: string;
  readonly help: string;
  /** Time series, as Prometheus stores them: each bucket is one. */
  readonly series: number;
  /** Distinct label values together, without `le` and `quantile`: a histogram's buckets, sum and count are one. */
  readonly labelSets: number;
  /** Names of its samples: of OpenMetrics' counter `calls`, `calls_total`. */
  readonly samples: ReadonlySet<string>;
  /** Bytes of its lines, comments included. */
  readonly bytes: number;
  /** Label -> distinct values, as written. `le` and `quantile` are left out. */
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>;
}

export interface Exposition {
  readonly families: readonly ExposedFamily[];
  readonly bytes: number;
  readonly series: number;
  /** How many lines are neither samples nor comments. */
  readonly unreadable: number;
  /** The beginning of the first of them. */
  readonly firstUnreadable: string;
}

interface Building {
  readonly name: string;
  type: string;
  help: string;
  series: number;
  bytes: number;
  readonly labelSets: Set<string>;
  readonly samples: Set<string>;
  readonly labels: Map<string, Set<string>>;
}

/** The suffixes under which a family of a type has samples. */
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

/** @param chunks pieces of the text, cut anywhere: an exposition of many megabytes is never held as a whole */
export async function readExposition(chunks: AsyncIterable<string> | Iterable<string>): Promise<Exposition> {
  const families = new Map<string, Building>();
  let bytes = 0;
  let series = 0;
  let unreadable = 0;
  let firstUnreadable = '';
  const take = (line: string, size: number): void => {
    bytes += size;
    if (ignoredPattern.test(line)) {
      takeMetadata(families, line, size);
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
    takeLabels(family, sample.labels);
  };
  let pending = '';
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
      const line = pending + chunk.slice(start, end);
      take(line.endsWith('\r') ? line.slice(0, -1) : line, Buffer.byteLength(line) + 1);
      pending = '';
      start = end + 1;
    }
    pending += chunk.slice(start);
  }
  take(pending.endsWith('\r') ? pending.slice(0, -1) : pending, Buffer.byteLength(pending));
  return {
    families: [...families.values()].map((family) => ({ ...family, labelSets: family.labelSets.size })),
    bytes,
    series,
    unreadable,
    firstUnreadable,
  };
}

function familyNamed(name: string, families: Map<string, Building>): Building {
  const existing = families.get(name);
  if (existing !== undefined) return existing;
  const made: Building = {
    name,
    type: 'untyped',
    help: '',
    series: 0,
    bytes: 0,
    labelSets: new Set(),
    samples: new Set(),
    labels: new Map(),
  };
  families.set(name, made);
  return made;
}

/** The family that a sample belongs to: its own name, or that of which it is a part. */
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

function takeMetadata(families: Map<string, Building>, line: string, size: number): void {
  const [, keyword, quoted, plain, rest = ''] = metadataPattern.exec(line) ?? [];
  const name = quoted ?? plain;
  if (name === undefined) return;
  const family = familyNamed(name, families);
  family.bytes += size;
  if (keyword === 'TYPE') family.type = rest.trim().toLowerCase() || 'untyped';
  if (keyword === 'HELP')
    family.help = rest.replaceAll(/\\(.)/gs, (_, escaped) => (escaped === 'n' ? '\n' : escaped));
}

function takeLabels(family: Building, labels: readonly (readonly [string, string])[]): void {
  const own = labels.filter(([label]) => label !== 'le' && label !== 'quantile');
  const labelSet = own.map(([label, value]) => `${label}="${value}"`);
  // Programs may write the same labels in another order.
  family.labelSets.add(labelSet.length > 1 ? labelSet.sort().join() : (labelSet[0] ?? ''));
  for (const [label, value] of own) {
    const values = family.labels.get(label);
    if (values === undefined) family.labels.set(label, new Set([value]));
    // A copy: the value itself is a window into its chunk, and would keep all of it.
    else if (!values.has(value)) values.add(Buffer.from(value).toString());
  }
}
