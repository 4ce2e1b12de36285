/** Runbooks, a section an alert. */
import type { BundleFile, RuleGroup } from './model.js';
import type { BundleSettings } from './settings.js';

/** `runbooks/*.md`, one a subject. */
export function runbookFiles(_groups: readonly RuleGroup[], _settings: BundleSettings): BundleFile[] {
  return [];
}
