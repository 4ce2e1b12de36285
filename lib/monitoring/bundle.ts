/** Generates the bundle: all files around a service, from its definitions. */
import { alertmanagerFiles } from './alertmanager/alertmanager-files.js';
import { alertGroups } from './alerts/alert-groups.js';
import { escalationGroups } from './alerts/escalation-rules.js';
import { runbookFiles } from './alerts/runbooks.js';
import { bundleReadme } from './bundle-readme.js';
import { check } from './checks.js';
import { coverageOf, coverageText } from './coverage.js';
import { grafanaFiles } from './dashboards/grafana-files.js';
import { deploymentFiles } from './deploy/deployment-files.js';
import type { BundleFile, RuleGroup } from './model.js';
import { prometheusFiles } from './prometheus/prometheus-files.js';
import { recordingGroups } from './prometheus/recording-rules.js';
import { ruleFiles } from './prometheus/rule-files.js';
import { ruleTestFiles } from './prometheus/rule-tests.js';
import { checkUserRules } from './prometheus/user-rules.js';
import { checkExpressions, expressionReader } from './promql/expression-checks.js';
import { knownSeries } from './promql/known-series.js';
import { promqlParser } from './promql/promql.js';
import { type BundleOptions, type BundleSettings, bundleSettings } from './settings.js';
import { sloGroups } from './slo/slo.js';

/** The files of a generated bundle. `writeBundle` writes them into a folder. */
export interface Bundle {
  /** The files, sorted by path. */
  readonly files: readonly BundleFile[];
  /** Gaps that are not errors, in sentences: a metric that no panel, rule or alert reads, for instance. */
  readonly warnings: readonly string[];
}

/**
 * Generates the files around a service: the configuration of Prometheus, its rules and their tests, Alertmanager, Grafana dashboards,
 * runbooks, Docker Compose and Kubernetes. The same options give the same bytes. Nothing is written: see `writeBundle`.
 *
 * Needs optional peer dependencies: `@prometheus-io/codemirror-promql`, `@codemirror/language` and `@codemirror/state`.
 *
 * @throws ERR_METRICS_INVALID_OPTION for an unknown option, ERR_METRICS_INVALID_CONFIG for an invalid value in `config`,
 *   ERR_METRICS_INVALID_MONITORING for options and expressions that do not fit the definitions, with all such expressions,
 *   ERR_METRICS_MISSING_PACKAGE with the command that installs the missing packages
 * @example
 * const bundle = await generateBundle({ config: { service: 'shop' }, definitions: [orders] });
 * for (const warning of bundle.warnings) console.warn(warning);
 * await writeBundle(bundle, 'monitoring');
 */
export async function generateBundle(options: BundleOptions = {}): Promise<Bundle> {
  const settings = bundleSettings(options);
  checkUserRules(settings);
  const groups = ruleGroups(settings);
  const parse = promqlParser();
  const read = expressionReader(knownSeries(settings, groups, parse), parse);
  const { files: boards, queries } = grafanaFiles(settings, groups);
  checkExpressions(groups, queries, read);
  const coverage = coverageOf(settings, groups, queries, read);

  const rules = ruleFiles(groups, settings);
  const configuration = [
    ...prometheusFiles(settings, rules),
    ...rules,
    ...alertmanagerFiles(settings),
    ...boards,
  ];
  const generated = [
    ...configuration,
    ...ruleTestFiles(groups, settings),
    ...runbookFiles(groups, settings),
    ...deploymentFiles(settings, groups, configuration),
    { path: 'COVERAGE.md', content: coverageText(coverage) },
    // The data of `tamma-metrics up --dir` and of the commands in the README.
    { path: '.gitignore', content: 'data/\n' },
  ];
  const files = [...generated, bundleReadme(settings, generated)].sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const [index, { path }] of files.entries())
    check(files[index - 1]?.path !== path, 'path of a file', 'one that no other file has', path);
  return { files, warnings: coverage.gaps };
}

/** All rule groups, in the order of their files. */
export function ruleGroups(settings: BundleSettings): RuleGroup[] {
  return [
    ...recordingGroups(settings),
    ...sloGroups(settings),
    ...alertGroups(settings),
    ...escalationGroups(settings),
  ];
}
