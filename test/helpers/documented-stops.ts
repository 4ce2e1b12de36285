/** The code in documents and docstrings that shows how a service is stopped. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromRoot } from './package-root.js';

export interface DocumentedText {
  /** Path from the root of the package. */
  readonly file: string;
  /** A whole document or example, or one comment of a source. */
  readonly text: string;
}

/** Every document and example, and every docstring of the sources. */
export async function documentedTexts(): Promise<DocumentedText[]> {
  const files = [
    'README.md',
    ...(await Promise.all(['lib', 'decorators', 'middleware', 'examples'].map(filesIn))).flat(),
  ];
  const texts = await Promise.all(
    files.map(async (file) => {
      const content = await readFile(fromRoot(file), 'utf8');
      if (file.endsWith('.md') || file.startsWith('examples/')) return [{ file, text: content }];
      return [...content.matchAll(/\/\*\*([\s\S]*?)\*\//g)].map(([, comment = '']) => ({
        file,
        text: comment.replace(/^ *\* ?/gm, ''),
      }));
    }),
  );
  return texts.flat();
}

/** The code around every call of `createMetrics` with `drain`: a fenced block, an example, or the call alone. */
export function drainSnippets({ file, text }: DocumentedText): DocumentedText[] {
  const blocks = file.endsWith('.md')
    ? [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code)
    : [...text.matchAll(/@example\n([\s\S]*?)(?=\n@|$)/g)].map(([, code = '']) => code);
  const calls = [...text.matchAll(/`(createMetrics\([^`]*drain:[^`]*)`/g)].map(([, call = '']) => call);
  return [...blocks.filter((code) => /createMetrics\(.*drain:/.test(code)), ...calls].map((code) => ({
    file,
    text: code,
  }));
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(fromRoot(folder), { recursive: true });
  return entries.filter((name) => /\.(ts|md)$/.test(name)).map((name) => join(folder, name));
}
