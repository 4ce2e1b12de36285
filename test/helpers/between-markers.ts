/** Documents in which only the part between two comments is generated: `<!-- name -->` and `<!-- /name -->`. */
import { readFileSync } from 'node:fs';
import { fromRoot } from './package-root.js';

/**
 * Returns the document with that part replaced.
 * @param path from the root of the package
 * @throws an Error if the document has no such comments
 */
export function withGenerated(path: string, name: string, generated: string): string {
  const text = readFileSync(fromRoot(path), 'utf8');
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  if (!text.includes(start) || !text.includes(end)) throw new Error(`${path} has no ${start} … ${end}`);
  const before = text.slice(0, text.indexOf(start) + start.length);
  return `${before}\n\n${generated}\n\n${text.slice(text.indexOf(end))}`;
}
