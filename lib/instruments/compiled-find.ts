/**
 * A look-up written for the labels of one metric. One look-up for all metrics sees so many kinds of label objects that V8
 * must find each property by name; one that always reads the same names of the same kind of object takes a quarter less.
 *
 * The names in the text are those of a checked definition: letters, digits and underscores. Where code must not be made from
 * text (`--disallow-code-generation-from-strings`), there is none, and the look-up for all metrics does the work.
 */
import { isLabelName } from '../naming.js';
import { type Branch, childOf, type Series } from './branch.js';

/** The series of a label object; `undefined` where it takes more thought: not text, not just these labels. */
export type QuickFind<S extends Series> = (labels: Readonly<Record<string, unknown>>) => S | undefined;

/** How many look-ups go by before one is compiled: most metrics of a process are hardly used. */
export const findsBeforeCompiling = 200;

/**
 * @param resolve gives the series of values in declared order where there is none yet
 */
export function compiledFind<S extends Series>(
  root: Branch,
  labelNames: readonly string[],
  resolve: (values: readonly string[]) => S,
): QuickFind<S> | undefined {
  if (labelNames.length === 0 || !labelNames.every((name) => isLabelName(name))) return undefined;
  const values = labelNames.map((_, index) => `v${index}`);
  const text = `
    return function find(labels) {
      ${labelNames.map((name, index) => `let v${index} = labels.${name};`).join('\n')}
      ${values.map((value) => `if (typeof ${value} !== 'string') { if (typeof ${value} !== 'number') return undefined; ${value} = String(${value}); }`).join('\n')}
      let given = 0;
      for (const _ in labels) given++;
      if (given !== ${labelNames.length}) return undefined;
      let node = root;
      ${values.map((value) => `node = childOf(node, ${value}); if (node === undefined) return resolve([${values.join(', ')}]);`).join('\n')}
      return node;
    };`;
  try {
    return new Function('root', 'childOf', 'resolve', text)(root, childOf, resolve) as QuickFind<S>;
  } catch {
    return undefined;
  }
}
