/** Files for Docker Compose and Kubernetes. */
import { check } from '../checks.js';
import type { BundleFile, RuleGroup } from '../model.js';
import type { BundleSettings } from '../settings.js';
import { composeFile } from './compose-file.js';
import { kubernetesFiles } from './kubernetes-files.js';

/**
 * `deploy/docker-compose.yml` and `deploy/kubernetes/*.yml`.
 * @param files The rules and Alertmanager's configuration, which the manifests contain.
 * @throws ERR_METRICS_INVALID_MONITORING if the file of a rule group is not among `files`
 */
export function deploymentFiles(
  settings: BundleSettings,
  groups: readonly RuleGroup[],
  files: readonly BundleFile[],
): BundleFile[] {
  const paths = new Set(files.map(({ path }) => path));
  for (const { name, file } of groups) {
    const isWritten = paths.has(`prometheus/rules/${file}.yml`);
    check(isWritten, `rule group \`${name}\``, 'its file among those of the bundle', file);
  }
  return [composeFile(settings), ...kubernetesFiles(settings, files)];
}
