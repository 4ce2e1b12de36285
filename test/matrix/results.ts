/** The results of the last runs of the matrix: `results.json`. */
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fromRoot } from '../helpers/package-root.js';
import { type Row, rows } from './rows.js';

export type Result = Row & {
  /** The exact version of Node and of each package. */
  readonly ran: Readonly<Record<string, string>>;
  /** The step that failed. Absent if all passed. */
  readonly failed?: 'install' | 'compile' | 'run';
};

const file = fromRoot('test/matrix/results.json');

export function readResults(): readonly Result[] {
  return JSON.parse(readFileSync(file, 'utf8')) as Result[];
}

/** Keeps earlier results of rows that were not run now. One line per row, so that a diff is easy to read. */
export async function writeResults(found: readonly Result[]): Promise<void> {
  const known = new Map(
    [...(existsSync(file) ? readResults() : []), ...found].map((each) => [keyOf(each), each]),
  );
  const results = rows.flatMap((row) => known.get(keyOf(row)) ?? []);
  await writeFile(file, `[\n${results.map((result) => JSON.stringify(result)).join(',\n')}\n]\n`);
}

/** A row whose project has changed is a different row: earlier results do not apply to it. */
function keyOf({ axis, version, variant, project }: Row): string {
  return JSON.stringify([axis, version, variant, project]);
}
