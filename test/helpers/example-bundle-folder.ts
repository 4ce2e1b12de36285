/** The example's bundle, written to a folder that goes with the test file that asks for it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { bundle as example } from '../../examples/monitoring/bundle.config.js';
import { generateBundle } from '../../lib/monitoring/bundle.js';
import type { BundleOptions, PrometheusVersion } from '../../lib/monitoring/settings.js';
import { writeBundle } from '../../lib/monitoring/write-bundle.js';

interface Rule {
  readonly alert?: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The defaults, and the definition, the objective and the alert that the example has of its own. */
export async function exampleBundleFolder(target: PrometheusVersion) {
  const { definitions, slos, alerts } = example;
  const { files } = await generateBundle({ definitions, slos, alerts, target } as BundleOptions);
  const folder = await mkdtemp(join(tmpdir(), 'tamma-tools-'));
  test.after.always(() => rm(folder, { recursive: true, force: true }));
  await writeBundle({ files }, folder);
  const pathsIn = (start: string): string[] =>
    files.map(({ path }) => path).filter((path) => path.startsWith(start));
  const rules = pathsIn('prometheus/rules/').flatMap((path) => {
    const content = files.find((file) => file.path === path)?.content ?? '';
    return (parse(content) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
  });
  return { folder, files, pathsIn, rules };
}
