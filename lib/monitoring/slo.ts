/** Service level objectives as typed data. */
import type { RuleGroup } from './model.js';
import type { BundleSettings } from './settings.js';

export interface Slo {
  readonly name: string;
}

/** Rules and alerts of the objectives. */
export function sloGroups(_settings: BundleSettings): RuleGroup[] {
  return [];
}
