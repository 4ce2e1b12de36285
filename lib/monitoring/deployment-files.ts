/** docker-compose and Kubernetes, as plain files. */
import type { BundleFile, RuleGroup } from './model.js';
import type { BundleSettings } from './settings.js';

/** `deploy/docker-compose.yml`, `deploy/kubernetes/*.yml`. */
export function deploymentFiles(
  _settings: BundleSettings,
  _groups: readonly RuleGroup[],
  _files: readonly BundleFile[],
): BundleFile[] {
  return [];
}
