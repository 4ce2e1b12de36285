/** The whole bundle: everything around a service, from its definitions. */
import { alertmanagerFiles } from './alertmanager/alertmanager-files.js';
import { alertGroups } from './alerts/alert-groups.js';
import { escalationGroups } from './alerts/escalation-rules.js';
import { runbookFiles } from './alerts/runbooks.js';
import { bundleReadme } from './bundle-readme.js';
import { coverageOf, coverageText } from './coverage.js';
import { grafanaFiles } from './dashboards/grafana-files.js';
import { deploymentFiles } from './deploy/deployment-files.js';
import type { BundleFile, RuleGroup } from './model.js';
import { prometheusFiles } from './prometheus/prometheus-files.js';
import { recordingGroups } from './prometheus/recording-rules.js';
import { ruleFiles } from './prometheus/rule-files.js';
import { ruleTestFiles } from './prometheus/rule-tests.js';
import { checkUserRules } from './prometheus/user-rules.js';
import { monitoringError } from './promql/expression.js';
import { checkExpressions, expressionReader } from './promql/expression-checks.js';
import { knownSeries } from './promql/known-series.js';
import { promqlParser } from './promql/promql.js';
import { type BundleOptions, type BundleSettings, bundleSettings } from './settings.js';
import { sloGroups } from './slo/slo.js';

export interface Bundle {
  /** Sorted by path. */
  readonly files: readonly BundleFile[];
  /** What is not as it should be and yet no error: a metric that nothing looks at, for instance. */
  readonly warnings: readonly string[];
}

/**
 * Generates the files around a service: Prometheus, its rules and their tests, Alertmanager, Grafana, runbooks, docker-compose,
 * Kubernetes. The same options give the same bytes. Nothing is written: `writeBundle` does.
 * @throws ERR_METRICS_INVALID_OPTION, ERR_METRICS_INVALID_MONITORING for what does not fit the definitions, with every
 *   expression that does not; ERR_METRICS_MISSING_PACKAGE with what is to be installed
 */
export async function generateBundle(options: BundleOptions = {}): Promise<Bundle> {
  const settings = bundleSettings(options);
  checkUserRules(settings);
  const groups = ruleGroups(settings);
  const parse = promqlParser();
  const known = knownSeries(settings, groups, parse);
  const read = expressionReader(known, parse);
  const { files: boards, queries } = await grafanaFiles(settings, groups);
  checkExpressions(groups, queries, read);
  const coverage = coverageOf(settings, groups, queries, read);

  const rules = ruleFiles(groups, settings);
  const tests = ruleTestFiles(groups, settings);
  const prometheus = prometheusFiles(settings, rules);
  const alertmanager = alertmanagerFiles(settings);
  const configuration = [...prometheus, ...rules, ...alertmanager, ...boards];
  const made = [
    ...configuration,
    ...tests,
    ...runbookFiles(groups, settings),
    ...deploymentFiles(settings, groups, configuration),
    { path: 'COVERAGE.md', content: coverageText(coverage) },
    // What `up --dir` and the commands of the README keep.
    { path: '.gitignore', content: 'data/\n' },
  ];
  const files = [...made, bundleReadme(settings, made)].sort(byPath);
  checkPaths(files);
  return { files, warnings: coverage.gaps };
}

/** All groups of rules, in the order of their files. A further source of rules has its line here. */
export function ruleGroups(settings: BundleSettings): RuleGroup[] {
  return [
    ...recordingGroups(settings),
    ...sloGroups(settings),
    ...alertGroups(settings),
    ...escalationGroups(settings),
  ];
}

function byPath({ path: one }: BundleFile, { path: other }: BundleFile): number {
  return one < other ? -1 : Number(one > other);
}

function checkPaths(files: readonly BundleFile[]): void {
  for (const [index, { path }] of files.entries())
    if (files[index - 1]?.path === path)
      throw monitoringError('path of a file', 'one that no other file has', path);
}
