/** The bundles of the examples, as files and in a folder. */
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

/** All parts, with the example's own definition, objective and alert. */
export function exampleBundle(target: PrometheusVersion) {
  const { include, definitions, slos, alerts } = example;
  return bundleOf({ include, definitions, slos, alerts, target } as BundleOptions);
}

/** The same bundle, written to a folder that the caller removes. */
export function exampleBundleFolder(target: PrometheusVersion) {
  return exampleBundle(target).then(written);
}

/** Any bundle, written to a folder that the caller removes. */
export function bundleFolder(options: BundleOptions) {
  return bundleOf(options).then(written);
}

async function bundleOf(options: BundleOptions) {
  const { files } = await generateBundle(options);
  const pathsIn = (start: string): string[] =>
    files.map(({ path }) => path).filter((path) => path.startsWith(start));
  const rules = pathsIn('prometheus/rules/').flatMap((path) => {
    const content = files.find((file) => file.path === path)?.content ?? '';
    return (parse(content) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
  });
  return { files, pathsIn, rules };
}

async function written(bundle: Awaited<ReturnType<typeof bundleOf>>) {
  const folder = await mkdtemp(join(tmpdir(), 'tamma-tools-'));
  await writeBundle(bundle, folder);
  return { ...bundle, folder };
}
