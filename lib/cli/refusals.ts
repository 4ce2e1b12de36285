/** Why Prometheus refuses a whole scrape: what one line, or its end, breaks. Versions 2.42 and 3.5 agree but where it is said. */
import { readSample } from '../exposition/lenient-sample-line.js';

export type ReadFormat = 'text' | 'openmetrics';

/** A reason, and where it was found first. */
export interface Refusal {
  readonly problem: string;
  readonly lines: number;
  /** Number of the first line, from 1; 0 is the header. */
  readonly line: number;
  /** The beginning of the first line. */
  readonly text: string;
}

const types: Readonly<Record<ReadFormat, readonly string[]>> = {
  text: ['counter', 'gauge', 'histogram', 'summary', 'untyped'],
  openmetrics: ['counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset', 'unknown'],
};

const quoted = '"[^"\\\\]*(?:\\\\.[^"\\\\]*)*"';
const labelSet = `\\{(?:(?:[a-zA-Z_]\\w*|${quoted})=${quoted}(?:,(?!\\})|(?=\\})))*\\}`;
const numbers = '[-+.\\w]+(?: [-+.\\w]+)?';
/** Single spaces only, and none at the ends. Names in quotes stand between the braces. */
const openMetricsSample = new RegExp(
  `^(?:[a-zA-Z_:][\\w:]*(?:${labelSet})?|\\{.*\\}) ${numbers}(?: # ${labelSet} ${numbers})?$`,
  's',
);
const metricName = `(${quoted}|[a-zA-Z_:][\\w:]*)`;
const metadata: Readonly<Record<ReadFormat, RegExp>> = {
  text: new RegExp(`^[ \\t]*#[ \\t]+(HELP|TYPE)[ \\t]+${metricName}(?:.(.*))?$`, 's'),
  openmetrics: new RegExp(`^# (HELP|TYPE|UNIT) ${metricName} (.*)$`, 's'),
};
/** Begins what is read as metadata, and refused where it is none. */
const keyword: Readonly<Record<ReadFormat, RegExp>> = {
  text: /^[ \t]*#[ \t]+(?:HELP|TYPE)[ \t]+/,
  openmetrics: /^# (?:HELP|TYPE|UNIT)(?: |$)/,
};
const maxMilliseconds = 2n ** 63n - 1n;
const carriageReturn = 'lines that end with a carriage return';
const quotedName = 'a name in quotes (Prometheus 2 only)';
/** Half of a pair of surrogates stands for bytes that are not UTF-8. */
const notUtf8 = /\p{Cs}/u;

/** Collects what is refused, line by line. */
export interface RefusalLog {
  take(line: string): void;
  /** What the lines break in this format. */
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
    take(line) {
      number += 1;
      const either = problemOfEither(line, number);
      for (const format of ['text', 'openmetrics'] as const)
        note(format, either ?? (format === 'text' ? problemOfText(line) : problemOfOpenMetrics(line)), line);
      if (end > 0) note('openmetrics', 'text behind `# EOF`', line);
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
  if (sample === undefined) return 'a line that is neither sample nor comment';
  if (isOutOfRange(sample.value)) return 'a number that no float holds';
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
    return 'a timestamp that is no whole number of milliseconds';
  return /^[ \t]/.test(line) ? 'a space before a sample (Prometheus 2 only)' : undefined;
}

function problemOfOpenMetrics(line: string): string | undefined {
  if (line === '# EOF') return undefined;
  if (line === '') return 'an empty line';
  if (line.startsWith('#')) return metadataProblem(line, 'openmetrics');
  if (!openMetricsSample.test(line)) return 'spaces or commas that OpenMetrics forbids';
  const { name = '', timestamp, exemplar } = readSample(line) ?? {};
  if (![timestamp, exemplar?.timestamp].every(isMoment)) return 'a timestamp that is no finite number';
  if (exemplar === undefined) return undefined;
  if (isOutOfRange(exemplar.value)) return 'a number that no float holds';
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
  if (kind === undefined) return 'a comment that is neither HELP, TYPE, UNIT nor EOF';
  if (kind === 'TYPE' && !types[format].includes(text)) return 'a TYPE line with an unknown type';
  if (kind === 'UNIT' && text !== '' && !name.replaceAll('"', '').endsWith(`_${text}`))
    return 'a unit that its metric does not end with';
  return name.startsWith('"') ? quotedName : undefined;
}

function isOutOfRange(number: string): boolean {
  return !/inf|nan/i.test(number) && !Number.isFinite(Number(number));
}

function isMoment(timestamp: string | undefined): boolean {
  return timestamp === undefined || Number.isFinite(Number(timestamp));
}
