/** Grafana's variables in PromQL: put in before an expression can be read. */
import { grafanaVariable } from '../promql/matcher-checks.js';

const variable = /\$\{(\w+)(?::[^}]*)?\}|\[\[(\w+)(?::[^\]]*)?\]\]|\$(\w+)/g;
const text = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g;

/** An expression with a value for each variable: within a text one that is taken for any, elsewhere a duration or a number. */
export function withoutGrafanaVariables(expression: string): string {
  let plain = '';
  let end = 0;
  for (const literal of expression.matchAll(text)) {
    plain += outsideOfTexts(expression.slice(end, literal.index));
    plain += literal[0].replaceAll(variable, grafanaVariable);
    end = literal.index + literal[0].length;
  }
  return plain + outsideOfTexts(expression.slice(end));
}

function outsideOfTexts(part: string): string {
  return part.replaceAll(variable, (whole, braced, bracketed, bare, offset: number) => {
    const name = String(braced ?? bracketed ?? bare);
    if (/^__(rate_interval|interval|range|auto)$/.test(name)) return '5m';
    // A range that is chosen on the board.
    const before = part.slice(0, offset).trimEnd();
    const isDuration = /[[:]$/.test(before) || (before.endsWith('offset') && whole !== '');
    return isDuration ? '5m' : '1';
  });
}
