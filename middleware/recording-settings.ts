/** Applies the settings of `createMetrics` to a registry: whether it records, series limits, views, buckets and native histograms. */
import { catalogueBuckets, catalogueNativeHistograms } from '../lib/bucket-sets.js';
import { catalogue } from '../lib/catalogue/catalogue.js';
import type { CompleteMetricsConfig } from '../lib/config-settings.js';
import { metricsError } from '../lib/errors.js';
import type { AnyRegistry } from '../lib/registry.js';
import { type MetricViews, viewedDefinition } from '../lib/views.js';
import { readViewsFile } from '../lib/views-file.js';
import type { CreateMetricsOptions } from './create-metrics-options.js';

/**
 * Applies the settings. Views of the file, which an operator wrote, take precedence over those of the code.
 * @throws what `setViews` throws; ERR_METRICS_INVALID_OPTION if the registry was switched off before
 */
export function applyRecordingSettings(
  registry: AnyRegistry,
  settings: CompleteMetricsConfig,
  { views, exemplars }: Pick<CreateMetricsOptions, 'views' | 'exemplars'>,
): void {
  if (settings.enabled && !registry.isEnabled) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      'Invalid `registry` of createMetrics: expected one that records, received one that was switched off, by `disable()` or by METRICS_ENABLED=false of another `createMetrics`. It stays off: use `registry: new MetricsRegistry()` for each.',
    );
  }
  registry.setMaxSeries(settings.maxSeries);
  if (!settings.exemplars) registry.setExemplars(false);
  else if (exemplars !== undefined) registry.setExemplars(exemplars);
  const fromFile = settings.viewsFile === undefined ? undefined : readViewsFile(settings.viewsFile);
  if (views !== undefined || fromFile !== undefined) setViews(registry, { ...views, ...fromFile });
  registry.setBuckets(catalogueBuckets(settings.buckets));
  if (settings.nativeHistograms) registry.setNativeHistograms(catalogueNativeHistograms());
  if (!settings.enabled) registry.disable();
}

/** Checks views of catalogue metrics immediately, although these metrics may be made later. */
function setViews(registry: AnyRegistry, views: MetricViews): void {
  registry.setViews(views);
  for (const definition of Object.values(catalogue)) {
    const view = views[definition.name];
    if (view !== undefined) viewedDefinition(definition, view);
  }
}

/** Warns about views whose metric neither exists nor is in the catalogue. */
export function warnOfUnusedViews(registry: AnyRegistry): void {
  registry.warnOfUnusedViews(Object.values(catalogue).map(({ name }) => name));
}
