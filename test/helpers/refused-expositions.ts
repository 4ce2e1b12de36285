/** Expositions that Prometheus refuses or accepts. The lint is tested against this table, and the table against Prometheus. */

export interface JudgedExposition {
  readonly what: string;
  readonly format: 'text' | 'openmetrics';
  readonly text: string | Buffer;
  /** Default: the content type of the format. */
  readonly contentType?: string;
  /** Why it is refused; `undefined` if it is accepted. */
  readonly problem?: string;
  /** The major version that refuses it, if the other accepts it. */
  readonly only?: 2 | 3;
}

function bytes(before: string, after: string): Buffer {
  return Buffer.concat([Buffer.from(before), Buffer.from([0xff]), Buffer.from(after)]);
}

const unreadable = 'a line that is neither a sample nor a comment';
const unknownType = 'a TYPE line with an unknown type';
const timestamp = 'a timestamp that is not a whole number of milliseconds';
const spaces = 'spaces or commas that OpenMetrics forbids';
const carriageReturn = 'lines that end with a carriage return';
const outOfRange = 'a number that is out of range';
const nameless = 'a HELP, TYPE or UNIT line without name or text';
const quotedName = 'a name in quotes (Prometheus 2 only)';
const noMoment = 'a timestamp that is not a finite number';
const elsewhere = 'an exemplar on neither `_total` nor `_bucket` (Prometheus 2 only)';
const contentType = 'an unknown Content-Type (Prometheus 3 only)';
const labelTwice = 'a label twice in one sample';

const inText: readonly (readonly [what: string, text: string | Buffer, problem?: string, only?: 2 | 3])[] = [
  ['a sample', 'a{b="c"} 1 1700000000000\n'],
  ['a label twice', 'a{b="1",b="2"} 1\n', labelTwice],
  ['a label __name__', 'a{__name__="b"} 1\n', 'a label `__name__`'],
  ['an unknown type', '# TYPE a foo\na 1\n', unknownType],
  ['a type of OpenMetrics', '# TYPE a info\na 1\n', unknownType],
  ['a type in capitals', '# TYPE a Gauge\na 1\n', unknownType],
  ['no type', '# TYPE a\na 1\n', unknownType],
  ['a type and a space', '# TYPE a gauge \na 1\n', unknownType],
  ['a type of an invalid name', '# TYPE a-b gauge\na 1\n', unknownType],
  ['a type behind tabs', '# TYPE\ta\tgauge\na 1\n'],
  ['untyped', '# TYPE a untyped\na 1\n'],
  ['a label value that is not UTF-8', bytes('a{b="', '"} 1\n'), 'bytes that are not UTF-8'],
  ['a help text that is not UTF-8', bytes('# HELP a ', '\na 1\n'), 'bytes that are not UTF-8'],
  ['a comment that is not UTF-8', bytes('# ', '\na 1\n')],
  ['a replacement character', 'a{b="\ufffd"} 1\n'],
  ['a byte order mark', '\ufeffa 1\n', 'a byte order mark'],
  ['a carriage return behind a sample', 'a 1\r\n', carriageReturn],
  ['a carriage return behind a type', '# TYPE a gauge\r\na 1\n', unknownType],
  ['a carriage return behind a help text', '# HELP a b\r\na 1\n'],
  ['a carriage return alone', '\r\na 1\n', carriageReturn],
  ['a fractional timestamp', 'a 1 1700000000000.5\n', timestamp],
  ['a negative timestamp', 'a 1 -5\n', timestamp],
  ['a timestamp with an exponent', 'a 1 1e3\n', timestamp],
  ['a space before a sample', ' a 1\n', 'a space before a sample (Prometheus 2 only)', 2],
  ['a space before a comment', ' # HELP a b\na 1\n'],
  ['spaces within a sample', 'a { b = "1" , } \t 1 \n'],
  ['an exemplar', 'a_total 1 # {t="1"} 1\n', 'an exemplar in the text format'],
  ['a comment behind a sample', 'a 1 # c\n', unreadable],
  ['no value', 'a\n', unreadable],
  ['a value that is text', 'a x\n', unreadable],
  ['a hexadecimal value', 'a 0x1p3\n', unreadable],
  ['an underscore in a value', 'a 1_000\n', unreadable],
  ['a value without leading zero', 'a .5\n'],
  ['Infinity', 'a Infinity\n'],
  ['a hyphen in a name', 'a-b 1\n', unreadable],
  ['a hyphen in a label', 'a{b-c="1"} 1\n', unreadable],
  ['a name that begins with a digit', '1a 1\n', unreadable],
  ['HTML', 'a 1\n<html>\n', unreadable],
  ['NaN with a sign', 'a -NaN\n', unreadable],
  ['a value behind its name without a space', 'a-5\n'],
  ['a value that is too large', 'a 1e400\n', outOfRange],
  ['a timestamp that is too large', 'a 1 9223372036854775808\n', timestamp],
  ['a type behind two spaces', '# TYPE a  gauge\na 1\n', unknownType],
  ['a help text of an invalid name', '# HELP 1a b\na 1\n', nameless],
  ['a UNIT line of nothing', '# UNIT a\na 1\n'],
  ['a name in quotes', '{"a.b"} 1\n', quotedName, 2],
  ['a label in quotes', 'a{"b.c"="1"} 1\n', quotedName, 2],
  ['a TYPE line of a name in quotes', '# TYPE "a.b" gauge\n', quotedName, 2],
  ['a series twice', 'a 1\na 2\n'],
  ['a family twice', '# TYPE a gauge\na 1\n# TYPE a gauge\na{b="c"} 1\n'],
  ['an empty line', 'a 1\n\nb 1\n'],
  ['no newline at the end', 'a 1'],
];

const inOpenMetrics: typeof inText = [
  ['a sample', '# TYPE a gauge\n# UNIT a \n# HELP a b\na{b="c",d="e"} 1 1.5\n# EOF\n'],
  ['a label twice', 'a{b="1",b="2"} 1\n# EOF\n', labelTwice],
  ['an unknown type', '# TYPE a foo\na 1\n# EOF\n', unknownType],
  ['untyped', '# TYPE a untyped\na 1\n# EOF\n', unknownType],
  ['no # EOF', 'a 1\n', 'no `# EOF` at the end'],
  ['text behind # EOF', 'a 1\n# EOF\nb 1\n', 'text after `# EOF`'],
  ['no newline behind # EOF', 'a 1\n# EOF'],
  ['a space before a sample', ' a 1\n# EOF\n', spaces],
  ['a space behind a sample', 'a 1 \n# EOF\n', spaces],
  ['two spaces', 'a  1\n# EOF\n', spaces],
  ['a space between labels', 'a{b="1", c="2"} 1\n# EOF\n', spaces],
  ['carriage returns', 'a 1\r\n# EOF\r\n', carriageReturn],
  ['an empty line', 'a 1\n\nb 1\n# EOF\n', 'an empty line'],
  ['another comment', '# hello\na 1\n# EOF\n', 'a comment that is not HELP, TYPE, UNIT or EOF'],
  ['no help text', '# HELP a\na 1\n# EOF\n', nameless],
  ['no unit', '# UNIT a\na 1\n# EOF\n', nameless],
  ['a tab before a type', '# TYPE a\tgauge\na 1\n# EOF\n', nameless],
  ['a tab behind a sample', 'a 1\t\n# EOF\n', spaces],
  ['a space between name and labels', 'a {} 1\n# EOF\n', spaces],
  ['a timestamp that is NaN', 'a 1 NaN\n# EOF\n', noMoment],
  ['a timestamp that is infinite', 'a 1 +Inf\n# EOF\n', noMoment],
  ['an exemplar at no time', 'a_total 1 # {t="1"} 1 NaN\n# EOF\n', noMoment],
  ['an exemplar that is too large', 'a_total 1 # {t="1"} 1e400\n# EOF\n', outOfRange],
  ['an exemplar on a gauge', '# TYPE a gauge\na 1 # {t="1"} 1\n# EOF\n', elsewhere, 2],
  ['a name in quotes', '{"a.b",c="d"} 1\n# EOF\n', quotedName, 2],
  ['a label in quotes', 'a{"b.c"="1"} 1\n# EOF\n', quotedName, 2],
  [
    'a unit of another name',
    '# TYPE a gauge\n# UNIT a seconds\na 1\n# EOF\n',
    'a unit that is not the suffix of the metric',
  ],
  ['an exemplar', '# TYPE a counter\na_total 1 # {t="1"} 1\n# EOF\n'],
  ['a counter without _total', '# TYPE a counter\na 1\n# EOF\n'],
];

function judged(format: JudgedExposition['format'], rows: typeof inText): JudgedExposition[] {
  return rows.map(([what, text, problem, only]) => ({
    what: `${what}, in ${format}`,
    format,
    text,
    ...(problem === undefined ? {} : { problem }),
    ...(only === undefined ? {} : { only }),
  }));
}

const types: readonly (readonly [contentType: string, problem?: string])[] = [
  ['text/plain'],
  ['Text/Plain; charset="utf-8"; version=0.0.5'],
  ['application/json', contentType],
  ['text/html; charset=utf-8', contentType],
  ['text/plain;;', contentType],
  ['', contentType],
];

export const judgedExpositions: readonly JudgedExposition[] = [
  ...types.map(([given, problem]) => ({
    what: `the Content-Type ${JSON.stringify(given)}`,
    format: 'text' as const,
    contentType: given,
    text: 'a 1\n',
    ...(problem === undefined ? {} : { problem, only: 3 as const }),
  })),
  ...judged('text', inText),
  ...judged('openmetrics', inOpenMetrics),
];

export const contentTypes = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
} as const;
