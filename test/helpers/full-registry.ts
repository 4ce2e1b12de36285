/** A registry with every series that the catalogue's budgets allow. */
import { metricsRecordingErrors } from '../../lib/catalogue/self.js';
import type { BundleFile } from '../../lib/monitoring/model.js';
import { prometheusFiles } from '../../lib/monitoring/prometheus/prometheus-files.js';
import { scrapeLimits } from '../../lib/monitoring/prometheus/scrape-limits.js';
import { type BundleOptions, bundleSettings } from '../../lib/monitoring/settings.js';
import { MetricsRegistry } from '../../lib/registry.js';

export const ruleFile: BundleFile = {
  path: 'prometheus/rules/recording.yml',
  content: 'groups: [{ name: one, rules: [{ record: "job:up:sum", expr: "sum by (job) (up)" }] }]\n',
};

export const filesFor = (options: BundleOptions = {}) => prometheusFiles(bundleSettings(options), [ruleFile]);

/** Every metric of the catalogue, with far more label values than its budget allows. */
export function fullRegistry() {
  const maxSeries = 30;
  const settings = bundleSettings({ config: { maxSeries } });
  const registry = new MetricsRegistry({ maxSeries, onWarning: () => {} });
  // A metric whose label values are names of metrics is filled by recording on the others.
  const metrics = settings.definitions.filter(
    ({ name }) => !name.startsWith('metrics_') || name === metricsRecordingErrors.name,
  );
  for (const definition of metrics) {
    const labels = Object.entries(definition.labels);
    const instrument = registry.instrument(definition);
    for (let each = 0; each < 400 + (definition.maxSeries ?? maxSeries) * 1.5; each++) {
      const values = labels.map(([, { values: closed }], index) => {
        const turn = Math.floor(each / 3 ** index);
        if (each < 200 && (each % 2 ** labels.length) >> index === 0) return '';
        return closed === undefined ? `value-${turn}` : [...closed, 'x'][turn % (closed.length + 1)];
      });
      const given = Object.fromEntries(labels.map(([name], index) => [name, values[index] ?? '']));
      if ('observe' in instrument) instrument.observe(given, 1);
      else instrument.inc(given, 1);
    }
  }
  return { registry, limits: scrapeLimits(settings) };
}
