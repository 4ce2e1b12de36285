/** The alerts of the bundle, a group a subject. */
import type { RuleGroup } from '../model.js';
import type { BundleSettings } from '../settings.js';

export function alertGroups(_settings: BundleSettings): RuleGroup[] {
  return [];
}
