/** Prometheus' own configuration. */
import type { BundleFile } from './model.js';
import type { BundleSettings } from './settings.js';

/** `prometheus/prometheus.yml` and `prometheus/agent.yml`. */
export function prometheusFiles(_settings: BundleSettings, _ruleFiles: readonly BundleFile[]): BundleFile[] {
  return [];
}
