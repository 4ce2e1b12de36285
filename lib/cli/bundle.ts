/** `tamma-metrics bundle`: writes the monitoring bundle. */
import { generateBundle } from '../monitoring/bundle.js';
import { type WrittenBundle, writeBundle } from '../monitoring/write-bundle.js';
import { type BundleEnvironment, bundleOptions, type GivenOptions } from './bundle-options.js';
import { type Paint, printable } from './paint.js';

/** The options of the command. */
export interface BundleCommand extends GivenOptions {
  /** The folder to write to. */
  readonly out: string;
  readonly force?: boolean;
}

/** The result of the command. */
export interface BundleReport extends WrittenBundle {
  readonly folder: string;
  readonly warnings: readonly string[];
}

/** @throws the errors of `bundleOptions`, `generateBundle` and `writeBundle` */
export async function bundleReport(
  { out, force = false, ...given }: BundleCommand,
  environment: BundleEnvironment,
): Promise<BundleReport> {
  const bundle = await generateBundle(await bundleOptions(given, environment));
  return { folder: out, ...(await writeBundle(bundle, out, { force })), warnings: bundle.warnings };
}

export function bundleText(report: BundleReport, paint: Paint): string {
  const { folder, written, unchanged, removed, kept, warnings } = report;
  const counted = [
    `${written.length} written`,
    `${unchanged.length} unchanged`,
    ...(removed.length === 0 ? [] : [`${removed.length} removed`]),
  ].join(', ');
  const shellFolder = shellWord(folder);
  return [
    ...written.map((path) => `${paint.green('+')} ${path}`),
    ...removed.map((path) => `${paint.yellow('-')} ${path}`),
    ...kept.map((path) => `${paint.yellow('!')} ${path}: no longer generated, kept because it was edited`),
    ...warnings.map((warning) => `${paint.yellow('!')} ${printable(warning)}`),
    `${paint.bold(printable(folder))}: ${counted}.`,
    '',
    'Check it:',
    `  promtool check config ${shellFolder}/prometheus/prometheus.yml`,
    `  promtool check rules --lint=all --lint-fatal ${shellFolder}/prometheus/rules/*.yml`,
    `  promtool test rules ${shellFolder}/prometheus/tests/*.test.yml   (takes half a minute)`,
    `  amtool check-config ${shellFolder}/alertmanager/alertmanager.yml`,
    'Start it:',
    `  npx tamma-metrics up --dir ${shellFolder}`,
    `See ${shellFolder}/README.md.`,
  ].join('\n');
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
