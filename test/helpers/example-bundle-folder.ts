/** The example's bundle, written to a folder that goes with the test file that imports it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { bundle as example } from '../../examples/monitoring/bundle.config.js';
import { generateBundle } from '../../lib/monitoring/bundle.js';
import type { BundleOptions } from '../../lib/monitoring/settings.js';
import { writeBundle } from '../../lib/monitoring/write-bundle.js';

/** The defaults, and the definition, the objective and the alert that the example has of its own. */
const { definitions, slos, alerts } = example;
export const { files } = await generateBundle({ definitions, slos, alerts } as BundleOptions);
export const folder = await mkdtemp(join(tmpdir(), 'tamma-tools-'));
await writeBundle({ files }, folder);
test.after.always(() => rm(folder, { recursive: true, force: true }));

export const pathsIn = (start: string): string[] =>
  files.map(({ path }) => path).filter((path) => path.startsWith(start));

interface Rule {
  readonly alert?: string;
  readonly labels: Readonly<Record<string, string>>;
}

export const rules = pathsIn('prometheus/rules/').flatMap((path) => {
  const content = files.find((file) => file.path === path)?.content ?? '';
  return (parse(content) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
});
