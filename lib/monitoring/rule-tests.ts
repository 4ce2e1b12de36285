/** Unit tests of the rules, as `promtool test rules` runs them. */
import type { BundleFile, RuleGroup } from './model.js';
import type { BundleSettings } from './settings.js';

/** `prometheus/tests/*.test.yml`. */
export function ruleTestFiles(_groups: readonly RuleGroup[], _settings: BundleSettings): BundleFile[] {
  return [];
}
