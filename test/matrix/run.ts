/**
 * Runs the matrix: `npm run test:matrix`. `npm run docs` then writes its table. `npm run test:matrix -- koa` runs the rows of one
 * axis; `npm run test:matrix -- projects jest` runs one of its variants or versions.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireFreshBuild } from '../helpers/fresh-build.js';
import { installNodes } from './nodes.js';
import { npmPack } from './npm.js';
import { type Result, writeResults } from './results.js';
import { type Row, rows, titleOf } from './rows.js';
import { type Report, runRows } from './run-rows.js';

const atATime = 2;

const [axis, variant] = process.argv.slice(2);
const ofAxis = rows.filter((row) => axis === undefined || row.axis === axis);
const chosen = ofAxis.filter((row) => [undefined, row.variant, row.version].includes(variant));
if (chosen.length === 0) {
  const isAxis = ofAxis.length > 0;
  const names = isAxis ? ofAxis.flatMap((row) => [row.version, row.variant]) : rows.map((row) => row.axis);
  throw new Error(
    `Unknown ${isAxis ? `variant \`${variant}\`` : `axis \`${axis}\``}: expected one of ${[...new Set(names)].join(', ')}.`,
  );
}

const results = new Map<string, Result>();
const report: Report = (result, output) => {
  const title = titleOf(result);
  results.set(title, result);
  console.log(`${result.failed === undefined ? 'passed' : `FAILED to ${result.failed}`}  ${title}`);
  if (output !== '') console.log(output.replace(/^/gm, '    '));
};

await requireFreshBuild();
const folder = await mkdtemp(join(tmpdir(), 'tamma-matrix-'));
try {
  const tarball = join(folder, await npmPack(folder));
  await installNodes([...new Set(chosen.map(({ project }) => project.node))]);
  // The workers share one iterator: each takes the next group.
  const groups = byPackages(chosen).values();
  const work = async (): Promise<void> => {
    for (const group of groups) await runRows(group, tarball, report);
  };
  await Promise.all(Array.from({ length: atATime }, work));
} finally {
  await rm(folder, { recursive: true, force: true });
}
const ordered = chosen.flatMap((row) => results.get(titleOf(row)) ?? []);
await writeResults(ordered);
const failed = ordered.filter((result) => result.failed !== undefined);
console.log(`${ordered.length - failed.length} of ${chosen.length} rows passed`);
if (failed.length > 0) process.exitCode = 1;

/** Groups rows that need the same packages, because installing takes longer than everything else. */
function byPackages(all: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of all) {
    const key = JSON.stringify([
      'script' in row.project ? row.project.folder : '',
      ...Object.entries(row.project.packages).sort(),
    ]);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return groups;
}
