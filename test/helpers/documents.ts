/** The documents that people read, and the code in them. */
import { readFile } from 'node:fs/promises';
import { globby } from 'globby';
import { fromRoot } from './package-root.js';

export interface Document {
  /** Path from the root of the package. */
  readonly path: string;
  readonly text: string;
}

/** A fenced block of code. */
export interface Snippet {
  /** The document, and the number of the block in it: `lib/testing.md, snippet 2`. */
  readonly title: string;
  readonly language: 'ts' | 'js';
  readonly code: string;
  /** The output that the document shows immediately below the block. */
  readonly output: string | undefined;
}

/** All documents, without generated bundles and the texts that are parts of them. */
export async function documents(): Promise<Document[]> {
  const paths = await globby('**/*.md', {
    cwd: fromRoot(''),
    gitignore: true,
    ignore: [
      '**/bundle/**',
      'test/**',
      'lib/monitoring/{alerts,texts,alertmanager,dashboards}/**',
      'node_modules/**',
    ],
  });
  return Promise.all(
    paths.sort().map(async (path) => ({ path, text: await readFile(fromRoot(path), 'utf8') })),
  );
}

/** The complete snippets of a document: those that start with an import. The others are parts of a program. */
export function completeSnippets({ path, text }: Document): Snippet[] {
  const blocks = [...text.matchAll(/^```(ts|js)\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?/gms)];
  return blocks.flatMap(([, language, code = '', output], index) =>
    /^(\/\/.*\n)*import /.test(code)
      ? [{ title: `${path}, snippet ${index + 1}`, language: language as 'ts' | 'js', code, output }]
      : [],
  );
}
