/** Replaces Grafana's variables in PromQL, which the grammar does not know. */
import { grafanaVariable } from './matcher-checks.js';

const variable = /\$\{(\w+)(?::[^}]*)?\}|\[\[(\w+)(?::[^\]]*)?\]\]|\$(\w+)/g;
const string = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g;

/** Within a string a variable becomes a value that matches anything, elsewhere a duration or a number. */
export function withoutGrafanaVariables(expression: string): string {
  let plain = '';
  let end = 0;
  for (const literal of expression.matchAll(string)) {
    plain += outsideStrings(expression.slice(end, literal.index));
    plain += literal[0].replaceAll(variable, grafanaVariable);
    end = literal.index + literal[0].length;
  }
  return plain + outsideStrings(expression.slice(end));
}

function outsideStrings(part: string): string {
  return part.replaceAll(variable, (whole, braced, bracketed, bare, offset: number) => {
    const name = String(braced ?? bracketed ?? bare);
    if (/^__(rate_interval|interval|range|auto)$/.test(name)) return '5m';
    // Another variable may be a range.
    const before = part.slice(0, offset).trimEnd();
    const isDuration = /[[:]$/.test(before) || (before.endsWith('offset') && whole !== '');
    return isDuration ? '5m' : '1';
  });
}
