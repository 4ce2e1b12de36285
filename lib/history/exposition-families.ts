/** Reads an exposition of any program, Prometheus' text or OpenMetrics, into families of samples. */
import { numberOf, readSample } from '../exposition/lenient-sample-line.js';
import { type FamilySample, feedType, type SampledFamily } from './family-reading.js';

interface Family {
  type: string;
  help: string;
  readonly samples: FamilySample[];
}

/** Samples of one exposition that are read: a target must not use up the memory of the page's server. */
const maxSamples = 1_000_000;

const partSuffix = /_(?:bucket|sum|count|total|created|info|gsum|gcount)$/;
const metadata = /^#\s+(TYPE|HELP)\s+("(?:[^"\\]|\\.)*"|\S+)\s*(.*)$/;

/** @throws Error for a text without a sample, or with too many */
export function expositionFamilies(text: string): SampledFamily[] {
  const families = new Map<string, Family>();
  const named = (name: string): Family => {
    const existing = families.get(name);
    if (existing !== undefined) return existing;
    const made: Family = { type: 'unknown', help: '', samples: [] };
    families.set(name, made);
    return made;
  };
  let samples = 0;
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) {
      const [, keyword, name = '', rest = ''] = metadata.exec(line) ?? [];
      if (keyword === 'TYPE') named(withoutQuotes(name)).type = rest.trim();
      else if (keyword === 'HELP') named(withoutQuotes(name)).help = unescaped(rest.trim());
      continue;
    }
    const sample = line === '' ? undefined : readSample(line);
    if (sample === undefined) continue;
    if (++samples > maxSamples) throw new Error(`expected at most ${maxSamples} samples, received more`);
    const { name } = sample;
    if (name.endsWith('_created')) continue;
    const base = name.replace(partSuffix, '');
    const family = families.has(name) ? named(name) : (families.get(base) ?? named(name));
    family.samples.push({
      name,
      labels: Object.fromEntries(sample.labels.map(([label, value]) => [label, unescaped(value)])),
      value: numberOf(sample.value),
    });
  }
  if (samples === 0) throw new Error('expected metrics, received none');
  return [...families].flatMap(([name, family]) => sampledFamilies(name, family));
}

/** The families as Prometheus names them: a counter of OpenMetrics has `_total` in its samples only. */
function sampledFamilies(name: string, { type, help, samples }: Family): SampledFamily[] {
  const [first] = samples;
  if (first === undefined) return [];
  const known = feedType(type);
  const sampleName = known === 'counter' || known === 'unknown' || known === 'gauge' ? first.name : name;
  return [{ name: sampleName, type: known, help, combine: 'sum', samples }];
}

function withoutQuotes(name: string): string {
  return name.startsWith('"') ? unescaped(name.slice(1, -1)) : name;
}

function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replaceAll(/\\(.)/gs, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}
