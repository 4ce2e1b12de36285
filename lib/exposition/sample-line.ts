/** A strict parser for one line of an exposition, for text that this package wrote. */

export interface SampleLine {
  readonly name: string;
  /** Label values by name, in the order of the line. */
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

const namePattern = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
/** A label and its escaped value, without the preceding comma. */
const labelPattern = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"/y;

/** The sample of a line; `undefined` for an invalid line, also for one with a timestamp or an exemplar. */
export function readSampleLine(line: string): SampleLine | undefined {
  namePattern.lastIndex = 0;
  const name = namePattern.exec(line)?.[0];
  if (name === undefined) return undefined;
  const labels = new Map<string, string>();
  let at = name.length;
  if (line[at] === '{') {
    at += 1;
    while (line[at] !== '}') {
      if (labels.size > 0) {
        if (line[at] !== ',') return undefined;
        at += 1;
      }
      labelPattern.lastIndex = at;
      const [whole, label = '', value = ''] = labelPattern.exec(line) ?? [];
      if (whole === undefined || labels.has(label)) return undefined;
      labels.set(label, unescaped(value));
      at += whole.length;
    }
    at += 1;
  }
  if (line[at] !== ' ') return undefined;
  const value = readNumber(line.slice(at + 1));
  return value === undefined ? undefined : { name, labels, value };
}

/** A number as Prometheus writes it; `undefined` for anything else. */
function readNumber(text: string): number | undefined {
  switch (text) {
    case '+Inf':
      return Number.POSITIVE_INFINITY;
    case '-Inf':
      return Number.NEGATIVE_INFINITY;
    case 'NaN':
      return Number.NaN;
    default:
      return /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/.test(text) ? Number(text) : undefined;
  }
}

function unescaped(value: string): string {
  return value.includes('\\')
    ? value.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
    : value;
}
