/** Why Prometheus refuses a whole scrape: what one line, or its end, breaks. Versions 2.42 and 3.5 agree but where it is said. */
import { readSample } from './sample-line.js';

export type ReadFormat = 'text' | 'openmetrics';

/** A reason, and where it was found first. */
export interface Refusal {
  readonly problem: string;
  readonly lines: number;
  /** Number of the first line, from 1. */
  readonly line: number;
  /** The beginning of the first line. */
  readonly text: string;
}

const types: Readonly<Record<ReadFormat, readonly string[]>> = {
  text: ['counter', 'gauge', 'histogram', 'summary', 'untyped'],
  openmetrics: ['counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset', 'unknown'],
};

const labelSet = '\\{(?:[a-zA-Z_]\\w*="[^"\\\\]*(?:\\\\.[^"\\\\]*)*"(?:,(?!\\})|(?=\\})))*\\}';
const numbers = '[^ ]+(?: [^ ]+)?';
/** Single spaces only, and none at the ends. Names in quotes stand between the braces. */
const openMetricsSample = new RegExp(
  `^(?:[a-zA-Z_:][\\w:]*(?:${labelSet})?|\\{.*\\}) ${numbers}(?: # ${labelSet} ${numbers})?$`,
  's',
);
const metadata = /^[ \t]*#[ \t]+(HELP|TYPE|UNIT)[ \t]+("[^"\\]*(?:\\.[^"\\]*)*"|[^ \t]+)(?:[ \t](.*))?$/s;
const validName = /^(?:"|[a-zA-Z_:][\w:]*$)/;
const carriageReturn = 'lines that end with a carriage return';
/** Half of a pair of surrogates stands for bytes that are not UTF-8. */
const notUtf8 = /\p{Cs}/u;

/** Collects what is refused, line by line. */
export interface RefusalLog {
  take(line: string): void;
  /** What the lines break in this format; by default in the one that they look like. */
  end(format?: ReadFormat): readonly Refusal[];
}

export function refusalLog(): RefusalLog {
  const found = { text: new Map<string, Refusal>(), openmetrics: new Map<string, Refusal>() };
  let number = 0;
  let end = 0;
  let last = '';
  const note = (format: ReadFormat, problem: string | undefined, line: string): void => {
    if (problem === undefined) return;
    const { lines = 0, ...first } = found[format].get(problem) ?? {
      problem,
      line: number,
      text: line.slice(0, 80),
    };
    found[format].set(problem, { ...first, lines: lines + 1 });
  };
  return {
    take(line) {
      number += 1;
      const either = problemOfEither(line, number);
      for (const format of ['text', 'openmetrics'] as const)
        note(format, either ?? (format === 'text' ? problemOfText(line) : problemOfOpenMetrics(line)), line);
      if (end > 0) note('openmetrics', 'text behind `# EOF`', line);
      if (line === '# EOF' && end === 0) end = number;
      last = line;
    },
    end(format = end > 0 ? 'openmetrics' : 'text') {
      if (format === 'openmetrics' && end === 0) note('openmetrics', 'no `# EOF` at the end', last);
      return [...found[format].values()];
    },
  };
}

function problemOfEither(line: string, number: number): string | undefined {
  if (number === 1 && line.startsWith('\ufeff')) return 'a byte order mark';
  const isComment = /^[ \t]*#/.test(line);
  const isHelp = isComment && metadata.exec(line)?.[1] === 'HELP';
  if ((!isComment || isHelp) && notUtf8.test(line)) return 'bytes that are not UTF-8';
  if (isComment) return undefined;
  if (line.endsWith('\r')) return carriageReturn;
  if (/^[ \t]*$/.test(line)) return undefined;
  const sample = readSample(line);
  if (sample === undefined) return 'a line that is neither sample nor comment';
  const names = sample.labels.map(([label]) => label);
  if (names.includes('__name__')) return 'a label `__name__`';
  return new Set(names).size < names.length ? 'a label twice in one sample' : undefined;
}

function problemOfText(line: string): string | undefined {
  if (/^[ \t]*(?:#|$)/.test(line)) return typeProblem(line, 'text');
  const sample = readSample(line);
  if (sample?.hasExemplar === true) return 'an exemplar in the text format';
  if (sample?.timestamp !== undefined && !/^\d+$/.test(sample.timestamp))
    return 'a timestamp that is no whole number of milliseconds';
  return /^[ \t]/.test(line) ? 'a space before a sample (Prometheus 2 only)' : undefined;
}

function problemOfOpenMetrics(line: string): string | undefined {
  if (line === '# EOF') return undefined;
  if (line === '') return 'an empty line';
  if (!line.startsWith('#'))
    return openMetricsSample.test(line) ? undefined : 'spaces or commas that OpenMetrics forbids';
  const [, keyword, name = '', text] = metadata.exec(line) ?? [];
  if (keyword === undefined && line.endsWith('\r')) return carriageReturn;
  if (keyword === undefined) return 'a comment that is neither HELP, TYPE, UNIT nor EOF';
  if (text === undefined && keyword === 'HELP') return 'a HELP line without text';
  if (keyword === 'UNIT' && text && !name.replaceAll('"', '').endsWith(`_${text}`))
    return 'a unit that its metric does not end with';
  return typeProblem(line, 'openmetrics');
}

function typeProblem(line: string, format: ReadFormat): string | undefined {
  const [, keyword, name = '', type = ''] = metadata.exec(line) ?? [];
  if (keyword !== 'TYPE' || (validName.test(name) && types[format].includes(type.replace(/^[ \t]+/, ''))))
    return undefined;
  return 'a TYPE line with an unknown type';
}
