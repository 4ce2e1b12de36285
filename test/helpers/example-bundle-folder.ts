/** The example's bundle, written to a folder that is removed after the tests of the file that asks for it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { bundle as example } from '../../examples/monitoring/bundle.config.js';
import { generateBundle } from '../../lib/monitoring/bundle.js';
import type { BundleFile } from '../../lib/monitoring/model.js';
import type { BundleOptions, PrometheusVersion } from '../../lib/monitoring/settings.js';
import { writeBundle } from '../../lib/monitoring/write-bundle.js';

interface Rule {
  readonly alert?: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface ExampleBundle {
  readonly folder: string;
  readonly files: readonly BundleFile[];
  /** Paths of the files that start so. */
  pathsIn(start: string): string[];
  readonly rules: readonly Rule[];
}

/** A folder for each version of Prometheus. Before the first test is declared: AVA takes no hook later. */
export async function exampleBundleFolders<Targets extends readonly PrometheusVersion[]>(
  ...targets: Targets
): Promise<{ readonly [Index in keyof Targets]: ExampleBundle }> {
  const bundles = (await Promise.all(targets.map(writtenExample))) as {
    [Index in keyof Targets]: ExampleBundle;
  };
  test.after.always(async () => {
    for (const { folder } of bundles) await rm(folder, { recursive: true, force: true });
  });
  return bundles;
}

/** The defaults, and the definition, the objective and the alert that the example has of its own. */
async function writtenExample(target: PrometheusVersion): Promise<ExampleBundle> {
  const { definitions, slos, alerts } = example;
  const { files } = await generateBundle({ definitions, slos, alerts, target } as BundleOptions);
  const folder = await mkdtemp(join(tmpdir(), 'tamma-tools-'));
  await writeBundle({ files }, folder);
  const pathsIn = (start: string): string[] =>
    files.map(({ path }) => path).filter((path) => path.startsWith(start));
  const rules = pathsIn('prometheus/rules/').flatMap((path) => {
    const content = files.find((file) => file.path === path)?.content ?? '';
    return (parse(content) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
  });
  return { folder, files, pathsIn, rules };
}
