/** `tamma-metrics bundle`: writes the monitoring bundle. */
import { generateBundle } from '../monitoring/bundle.js';
import { type WrittenBundle, writeBundle } from '../monitoring/write-bundle.js';
import { type BundleSurroundings, bundleOptions, type GivenOptions } from './bundle-options.js';
import { type Paint, printable } from './paint.js';

export interface BundleCommand extends GivenOptions {
  /** Folder to write to. */
  readonly out: string;
  readonly force?: boolean;
}

export interface BundleReport extends WrittenBundle {
  readonly folder: string;
  readonly warnings: readonly string[];
}

/** @throws what `generateBundle`, `writeBundle` and `bundleOptions` throw */
export async function bundleReport(
  { out, force = false, ...given }: BundleCommand,
  surroundings: BundleSurroundings,
): Promise<BundleReport> {
  const bundle = await generateBundle(await bundleOptions(given, surroundings));
  return { folder: out, ...(await writeBundle(bundle, out, { force })), warnings: bundle.warnings };
}

export function bundleText(report: BundleReport, paint: Paint): string {
  const { folder, written, unchanged, removed, kept, warnings } = report;
  const counted = [
    `${written.length} written`,
    `${unchanged.length} unchanged`,
    ...(removed.length === 0 ? [] : [`${removed.length} removed`]),
  ].join(', ');
  const place = shellWord(folder);
  return [
    ...written.map((path) => `${paint.green('+')} ${path}`),
    ...removed.map((path) => `${paint.yellow('-')} ${path}`),
    ...kept.map((path) => `${paint.yellow('!')} ${path}: no longer made, kept since it was edited`),
    ...warnings.map((warning) => `${paint.yellow('!')} ${printable(warning)}`),
    `${paint.bold(printable(folder))}: ${counted}.`,
    '',
    'Check it:',
    `  promtool check config ${place}/prometheus/prometheus.yml`,
    `  promtool check rules --lint=all --lint-fatal ${place}/prometheus/rules/*.yml`,
    `  promtool test rules ${place}/prometheus/tests/*.test.yml   (half a minute)`,
    `  amtool check-config ${place}/alertmanager/alertmanager.yml`,
    'Start it:',
    `  npx tamma-metrics up --dir ${place}`,
    `${place}/README.md tells the rest.`,
  ].join('\n');
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
