/** docker-compose and Kubernetes, as plain files. */

import type { BundleFile, RuleGroup } from '../model.js';
import { monitoringError } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import { composeFile } from './compose-file.js';
import { kubernetesAlertmanager } from './kubernetes-alertmanager.js';
import { kubernetesPrometheus, kubernetesRules } from './kubernetes-prometheus.js';
import { kubernetesService } from './kubernetes-service.js';

/**
 * `deploy/docker-compose.yml`, `deploy/kubernetes/*.yml`. The rules and Alertmanager's configuration in them are those of the
 * files of the bundle, which are handed over.
 * @throws ERR_METRICS_INVALID_MONITORING where the file of a rule group is not among the files
 */
export function deploymentFiles(
  settings: BundleSettings,
  groups: readonly RuleGroup[],
  files: readonly BundleFile[],
): BundleFile[] {
  for (const { name, file } of groups)
    if (!files.some(({ path }) => path === `prometheus/rules/${file}.yml`))
      throw monitoringError(`rule group \`${name}\``, 'its file among those of the bundle', file);
  return [
    composeFile(settings),
    kubernetesService(settings),
    kubernetesPrometheus(settings),
    kubernetesRules(settings, files),
    kubernetesAlertmanager(settings, files),
  ];
}
