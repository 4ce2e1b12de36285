/** Reads an exposition, Prometheus' text or OpenMetrics, of whatever program: which families it has and what they hold. */

export interface ExposedFamily {
  readonly name: string;
  /** `counter`, `gauge`, `histogram`, `summary`, or `untyped` where it does not say. */
  readonly type: string;
  readonly help: string;
  /** Time series, as Prometheus stores them: each bucket is one. */
  readonly series: number;
  /** Bytes of its lines, comments included. */
  readonly bytes: number;
  /** Label -> distinct values. `le` and `quantile` are left out. */
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>;
}

export interface Exposition {
  readonly families: readonly ExposedFamily[];
  readonly bytes: number;
  readonly series: number;
  /** Lines that are neither samples nor comments. */
  readonly unreadable: readonly string[];
}

interface Building {
  name: string;
  type: string;
  help: string;
  series: number;
  bytes: number;
  readonly labels: Map<string, Set<string>>;
}

const numberPattern = '[-+]?(?:\\d|\\.\\d|Inf|NaN)[^ \\t]*(?:[ \\t].*)?';
const samplePattern = new RegExp(`^([a-zA-Z_:][a-zA-Z0-9_:]*)[ \\t]+${numberPattern}$`, 'i');
// Greedy up to the last brace before a number: label values may hold braces.
const labelledPattern = new RegExp(`^([a-zA-Z_:][a-zA-Z0-9_:]*)\\{(.*)\\}[ \\t]*${numberPattern}$`, 'i');
const labelPattern = /([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"/g;

export function readExposition(text: string): Exposition {
  const families = new Map<string, Building>();
  const unreadable: string[] = [];
  let series = 0;
  const family = (name: string): Building => {
    const existing = families.get(name);
    if (existing !== undefined) return existing;
    const made: Building = { name, type: 'untyped', help: '', series: 0, bytes: 0, labels: new Map() };
    families.set(name, made);
    return made;
  };
  for (const line of text.split('\n')) {
    const bytes = Buffer.byteLength(line) + 1;
    const [, keyword, named = '', rest = ''] =
      /^#[ \t]+(HELP|TYPE|UNIT)[ \t]+(\S+)[ \t]*(.*)$/.exec(line) ?? [];
    if (keyword !== undefined) {
      const one = family(named);
      one.bytes += bytes;
      if (keyword === 'TYPE') one.type = rest.trim() || 'untyped';
      if (keyword === 'HELP')
        one.help = rest.replaceAll(/\\(.)/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped));
      continue;
    }
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, labelledName, labelText] = labelledPattern.exec(line) ?? [];
    const name = labelledName ?? samplePattern.exec(line)?.[1];
    if (name === undefined) {
      unreadable.push(line);
      continue;
    }
    const one = family(familyOf(name, families));
    one.bytes += bytes;
    // Prometheus stores no exemplars and no creation times as series.
    if (name.endsWith('_created') && one.name !== name) continue;
    one.series += 1;
    series += 1;
    for (const [, label = '', value = ''] of (labelText ?? '').matchAll(labelPattern)) {
      if (label === 'le' || label === 'quantile') continue;
      const values = one.labels.get(label);
      if (values === undefined) one.labels.set(label, new Set([value]));
      else values.add(value);
    }
  }
  return { families: [...families.values()], bytes: Buffer.byteLength(text), series, unreadable };
}

/** The family that a sample belongs to: its own name, or that of which it is a part. */
function familyOf(sample: string, families: ReadonlyMap<string, Building>): string {
  if (families.has(sample)) return sample;
  for (const suffix of ['_bucket', '_sum', '_count', '_total', '_created', '_info']) {
    if (!sample.endsWith(suffix)) continue;
    const base = sample.slice(0, -suffix.length);
    if (families.has(base)) return base;
    if (families.has(`${base}_total`)) return `${base}_total`;
  }
  return sample;
}
