/** Syntax errors for which Prometheus rejects a whole scrape, in versions 2.42 and 3.5 unless a problem names one of them. */
import { readSample } from '../exposition/lenient-sample-line.js';

/** The format in which Prometheus reads a scrape. */
export type ReadFormat = 'text' | 'openmetrics';

/** A syntax error, and where it occurs first. */
export interface Refusal {
  readonly problem: string;
  /** Number of lines with it. */
  readonly lines: number;
  /** Number of the first line with it, from 1; 0 is the header. */
  readonly line: number;
  /** The first 80 characters of that line. */
  readonly text: string;
}

const types: Readonly<Record<ReadFormat, readonly string[]>> = {
  text: ['counter', 'gauge', 'histogram', 'summary', 'untyped'],
  openmetrics: ['counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset', 'unknown'],
};

const quoted = '"[^"\\\\]*(?:\\\\.[^"\\\\]*)*"';
const labelSet = `\\{(?:(?:[a-zA-Z_]\\w*|${quoted})=${quoted}(?:,(?!\\})|(?=\\})))*\\}`;
const numbers = '[-+.\\w]+(?: [-+.\\w]+)?';
/** With single spaces, and none at the ends. A quoted name is between the braces. */
const openMetricsSample = new RegExp(
  `^(?:[a-zA-Z_:][\\w:]*(?:${labelSet})?|\\{.*\\}) ${numbers}(?: # ${labelSet} ${numbers})?$`,
  's',
);
const metricName = `(${quoted}|[a-zA-Z_:][\\w:]*)`;
const metadata: Readonly<Record<ReadFormat, RegExp>> = {
  text: new RegExp(`^[ \\t]*#[ \\t]+(HELP|TYPE)[ \\t]+${metricName}(?:.(.*))?$`, 's'),
  openmetrics: new RegExp(`^# (HELP|TYPE|UNIT) ${metricName} (.*)$`, 's'),
};
/** The start of a line that must be valid metadata. */
const keyword: Readonly<Record<ReadFormat, RegExp>> = {
  text: /^[ \t]*#[ \t]+(?:HELP|TYPE)[ \t]+/,
  openmetrics: /^# (?:HELP|TYPE|UNIT)(?: |$)/,
};
const maxMilliseconds = 2n ** 63n - 1n;
const carriageReturn = 'lines that end with a carriage return';
const quotedName = 'a name in quotes (Prometheus 2 only)';
/** A lone surrogate, which `decodedLines` writes for bytes that are not UTF-8. */
const notUtf8 = /\p{Cs}/u;

/** Checks the lines of an exposition, in order, in both formats. */
export interface RefusalLog {
  /** Checks a line. */
  add(line: string): void;
  /** The errors in this format. */
  end(format: ReadFormat): readonly Refusal[];
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
    add(line) {
      number += 1;
      const either = problemOfEither(line, number);
      for (const format of ['text', 'openmetrics'] as const)
        note(format, either ?? (format === 'text' ? problemOfText(line) : problemOfOpenMetrics(line)), line);
      if (end > 0) note('openmetrics', 'text after `# EOF`', line);
      if (line === '# EOF' && end === 0) end = number;
      last = line;
    },
    end(format) {
      if (format === 'openmetrics' && end === 0) note('openmetrics', 'no `# EOF` at the end', last);
      return [...found[format].values()];
    },
  };
}

function problemOfEither(line: string, number: number): string | undefined {
  if (number === 1 && line.startsWith('\ufeff')) return 'a byte order mark';
  const isComment = /^[ \t]*#/.test(line);
  const isHelp = isComment && metadata.text.exec(line)?.[1] === 'HELP';
  if ((!isComment || isHelp) && notUtf8.test(line)) return 'bytes that are not UTF-8';
  if (isComment) return undefined;
  if (line.endsWith('\r')) return carriageReturn;
  if (/^[ \t]*$/.test(line)) return undefined;
  const sample = readSample(line);
  if (sample === undefined) return 'a line that is neither a sample nor a comment';
  if (isOutOfRange(sample.value)) return 'a number that is out of range';
  const names = sample.labels.map(([label]) => label);
  if (names.includes('__name__')) return 'a label `__name__`';
  if (new Set(names).size < names.length) return 'a label twice in one sample';
  return sample.hasQuotedName ? quotedName : undefined;
}

function problemOfText(line: string): string | undefined {
  if (/^[ \t]*(?:#|$)/.test(line)) return metadataProblem(line, 'text');
  const { exemplar, timestamp } = readSample(line) ?? {};
  if (exemplar !== undefined) return 'an exemplar in the text format';
  if (timestamp !== undefined && !(/^\d+$/.test(timestamp) && BigInt(timestamp) <= maxMilliseconds))
    return 'a timestamp that is not a whole number of milliseconds';
  return /^[ \t]/.test(line) ? 'a space before a sample (Prometheus 2 only)' : undefined;
}

function problemOfOpenMetrics(line: string): string | undefined {
  if (line === '# EOF') return undefined;
  if (line === '') return 'an empty line';
  if (line.startsWith('#')) return metadataProblem(line, 'openmetrics');
  if (!openMetricsSample.test(line)) return 'spaces or commas that OpenMetrics forbids';
  const { name = '', timestamp, exemplar } = readSample(line) ?? {};
  if (![timestamp, exemplar?.timestamp].every(isTimestamp)) return 'a timestamp that is not a finite number';
  if (exemplar === undefined) return undefined;
  if (isOutOfRange(exemplar.value)) return 'a number that is out of range';
  return /_(?:total|bucket)$/.test(name)
    ? undefined
    : 'an exemplar on neither `_total` nor `_bucket` (Prometheus 2 only)';
}

function metadataProblem(line: string, format: ReadFormat): string | undefined {
  const [, kind, name = '', text = ''] = metadata[format].exec(line) ?? [];
  if (kind === undefined && keyword[format].test(line))
    return 'a HELP, TYPE or UNIT line without name or text';
  if (kind === undefined && format === 'text') return undefined;
  if (kind === undefined && line.endsWith('\r')) return carriageReturn;
  if (kind === undefined) return 'a comment that is not HELP, TYPE, UNIT or EOF';
  if (kind === 'TYPE' && !types[format].includes(text)) return 'a TYPE line with an unknown type';
  if (kind === 'UNIT' && text !== '' && !name.replaceAll('"', '').endsWith(`_${text}`))
    return 'a unit that is not the suffix of the metric';
  return name.startsWith('"') ? quotedName : undefined;
}

function isOutOfRange(number: string): boolean {
  return !/inf|nan/i.test(number) && !Number.isFinite(Number(number));
}

function isTimestamp(timestamp: string | undefined): boolean {
  return timestamp === undefined || Number.isFinite(Number(timestamp));
}
