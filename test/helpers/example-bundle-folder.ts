/** The example's bundle: its files, and a folder with them. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { bundle as example } from '../../examples/monitoring/bundle.config.js';
import { generateBundle } from '../../lib/monitoring/bundle.js';
import type { BundleOptions, PrometheusVersion } from '../../lib/monitoring/settings.js';
import { writeBundle } from '../../lib/monitoring/write-bundle.js';

interface Rule {
  readonly alert?: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** All parts, and the definition, the objective and the alert that the example has of its own. */
export async function exampleBundle(target: PrometheusVersion) {
  const { include, definitions, slos, alerts } = example;
  const { files } = await generateBundle({ include, definitions, slos, alerts, target } as BundleOptions);
  const pathsIn = (start: string): string[] =>
    files.map(({ path }) => path).filter((path) => path.startsWith(start));
  const rules = pathsIn('prometheus/rules/').flatMap((path) => {
    const content = files.find((file) => file.path === path)?.content ?? '';
    return (parse(content) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
  });
  return { files, pathsIn, rules };
}

/** The same, written to a folder, which the caller removes. */
export async function exampleBundleFolder(target: PrometheusVersion) {
  const bundle = await exampleBundle(target);
  const folder = await mkdtemp(join(tmpdir(), 'tamma-tools-'));
  await writeBundle(bundle, folder);
  return { ...bundle, folder };
}
