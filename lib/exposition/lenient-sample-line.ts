/** Reads a sample line of the text format or of OpenMetrics, without checking the rules of the format. */

/** A sample line. */
export interface Sample {
  readonly name: string;
  /** Labels and values as written, with escapes. Labels of an exemplar are not included. */
  readonly labels: readonly (readonly [label: string, value: string])[];
  readonly value: string;
  readonly timestamp: string | undefined;
  /** Whether the name or a label is quoted, as Prometheus 3 allows. */
  readonly hasQuotedName: boolean;
  readonly exemplar: Exemplar | undefined;
}

/** The exemplar at the end of a sample line. */
export interface Exemplar {
  readonly labels: Sample['labels'];
  readonly value: string;
  readonly timestamp: string | undefined;
}

/** A number as Go's `ParseFloat` reads it, in which NaN has no sign. */
const number = '(?:[-+]?(?:(?:\\d+\\.?\\d*|\\.\\d+)(?:e[-+]?\\d+)?|inf(?:inity)?)|nan)';
const quoted = '"([^"\\\\]*(?:\\\\.[^"\\\\]*)*)"';

const startPattern = /[ \t]*(?:([a-zA-Z_:][a-zA-Z0-9_:]*)(?:[ \t]*(\{)|[ \t]+|(?=[-+.]))|(\{))/y;
const endOfLabelsPattern = /[ \t]*\}/y;
/** `name="value"`; in Prometheus 3 also `"name"="value"`, and the name of the metric as `"name"`. */
const labelPattern = new RegExp(
  `[ \\t]*(?:([a-zA-Z_][a-zA-Z0-9_]*)|${quoted})[ \\t]*(?:=[ \\t]*${quoted}[ \\t]*)?(?:,|(?=\\}))`,
  'sy',
);
const valuePattern = new RegExp(
  `[ \\t]*(${number})(?:[ \\t]+(${number}))?[ \\t]*(?:$|(?<=[ \\t])#[ \\t]*\\{)`,
  'iy',
);
const exemplarValuePattern = new RegExp(`[ \\t]*(${number})(?:[ \\t]+(${number}))?[ \\t]*$`, 'iy');

/** Longer lines are not read as samples. */
const maxLine = 1_048_576;

/** @returns `undefined` if the line is not a sample */
export function readSample(line: string): Sample | undefined {
  if (line.length > maxLine) return undefined;
  const start = matchAt(startPattern, line, 0);
  if (start === null) return undefined;
  let name: string | undefined = start[1];
  let at = startPattern.lastIndex;
  let hasQuotedName = false;
  const labels: [string, string][] = [];
  if (start[2] !== undefined || start[3] !== undefined) {
    const block = readLabels(line, at);
    if (block === undefined || (block.name !== undefined && name !== undefined)) return undefined;
    name ??= block.name;
    hasQuotedName = block.hasQuotedName;
    labels.push(...block.labels);
    at = block.end;
  }
  const value = matchAt(valuePattern, line, at);
  if (name === undefined || value === null) return undefined;
  const sample = { name, labels, value: value[1] ?? '', timestamp: value[2], hasQuotedName };
  if (!value[0].endsWith('{')) return { ...sample, exemplar: undefined };
  const block = readLabels(line, valuePattern.lastIndex);
  if (block === undefined || block.name !== undefined) return undefined;
  const rest = matchAt(exemplarValuePattern, line, block.end);
  if (rest === null) return undefined;
  return { ...sample, exemplar: { labels: block.labels, value: rest[1] ?? '', timestamp: rest[2] } };
}

/** A value or bound as a number; NaN if it is not a number. */
export function numberOf(text: string): number {
  return /^[-+]?inf/i.test(text) ? (text.startsWith('-') ? -1 : 1) * Number.POSITIVE_INFINITY : Number(text);
}

interface LabelBlock {
  readonly labels: [string, string][];
  /** The name of the metric if it is quoted between the braces. */
  readonly name: string | undefined;
  readonly hasQuotedName: boolean;
  /** The index after the closing brace. */
  readonly end: number;
}

/** Reads the labels from the index after the opening brace. Values may contain braces. */
function readLabels(line: string, start: number): LabelBlock | undefined {
  const labels: [string, string][] = [];
  let name: string | undefined;
  let hasQuotedName = false;
  let at = start;
  while (matchAt(endOfLabelsPattern, line, at) === null) {
    const [whole, plain, inQuotes, value] = matchAt(labelPattern, line, at) ?? [];
    if (whole === undefined) return undefined;
    hasQuotedName ||= inQuotes !== undefined;
    const label = plain ?? inQuotes ?? '';
    if (value !== undefined) labels.push([label, value]);
    else if (plain === undefined && at === start) name = label;
    else return undefined;
    at = labelPattern.lastIndex;
  }
  return { labels, name, hasQuotedName, end: endOfLabelsPattern.lastIndex };
}

function matchAt(pattern: RegExp, text: string, index: number): RegExpExecArray | null {
  pattern.lastIndex = index;
  return pattern.exec(text);
}
