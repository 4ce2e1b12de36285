/** Rule groups as Prometheus reads them. */
import type { BundleFile, RuleGroup } from './model.js';
import type { BundleSettings } from './settings.js';

/** `prometheus/rules/*.yml`, one a `file` of the groups. */
export function ruleFiles(_groups: readonly RuleGroup[], _settings: BundleSettings): BundleFile[] {
  return [];
}
