/**
 * A strict parser of Prometheus' text format 0.0.4, independent of the code that writes it: any line that is not a comment
 * must be a sample up to its last character.
 */

export interface ParsedSample {
  readonly name: string;
  /** In the order of the line, without empty values: an empty value is an absent label. */
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export function parseText(text: string): ParsedSample[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(parseLine);
}

const samplePattern = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/s;
const labelPattern = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\n"])*)"(?:,|$)/gsy;

function parseLine(line: string): ParsedSample {
  const [, name, labelText = '', value] = samplePattern.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`not a sample: ${JSON.stringify(line)}`);
  // No prototype, because a label may be named `__proto__`.
  const labels: Record<string, string> = Object.create(null);
  let read = 0;
  for (const match of labelText.matchAll(labelPattern)) {
    const [whole, label = '', escaped = ''] = match;
    if (label in labels) throw new Error(`label twice: ${JSON.stringify(line)}`);
    if (escaped !== '')
      labels[label] = escaped.replace(/\\(.)/g, (_, character: string) =>
        character === 'n' ? '\n' : character,
      );
    read += whole.length;
  }
  if (read !== labelText.length) throw new Error(`not labels: ${JSON.stringify(labelText)}`);
  return { name, labels, value: parseNumber(value, line) };
}

function parseNumber(text: string, line: string): number {
  const named = {
    '+Inf': Number.POSITIVE_INFINITY,
    '-Inf': Number.NEGATIVE_INFINITY,
    NaN: Number.NaN,
    Nan: Number.NaN,
  }[text];
  const value = named ?? Number(text);
  if (Number.isNaN(value) && text !== 'NaN' && text !== 'Nan')
    throw new Error(`not a number: ${JSON.stringify(line)}`);
  return value;
}
