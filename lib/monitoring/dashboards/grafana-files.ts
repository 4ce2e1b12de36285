/** Grafana's dashboards and their provisioning. */
import type { BundleFile, PanelQuery, RuleGroup } from '../model.js';
import type { BundleSettings } from '../settings.js';

/** `grafana/dashboards/*.json`, `grafana/provisioning/**`, and what their panels ask. */
export async function grafanaFiles(
  _settings: BundleSettings,
  _groups: readonly RuleGroup[],
): Promise<{ readonly files: BundleFile[]; readonly queries: PanelQuery[] }> {
  return { files: [], queries: [] };
}
