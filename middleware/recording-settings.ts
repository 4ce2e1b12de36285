/** What the settings of `createMetrics` say of a registry: whether it records, how much, and how it is exposed. */
import { catalogueBuckets } from '../lib/bucket-sets.js';
import { catalogue } from '../lib/catalogue/catalogue.js';
import type { CompleteMetricsConfig } from '../lib/config.js';
import { metricsError } from '../lib/errors.js';
import type { AnyRegistry } from '../lib/registry.js';
import { type MetricViews, viewedDefinition } from '../lib/views.js';
import { readViewsFile } from '../lib/views-file.js';

/**
 * Applies them. A view of the file wins over one of the code, since who runs the service wrote it.
 * @throws what `setViews` throws; ERR_METRICS_INVALID_OPTION where a registry that is switched off is to record again
 */
export function applyRecordingSettings(
  registry: AnyRegistry,
  settings: CompleteMetricsConfig,
  views: MetricViews | undefined,
): void {
  if (settings.enabled && !registry.isEnabled) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      'Invalid `registry` of createMetrics: expected one that records, received one that was switched off, by `disable()` or by METRICS_ENABLED=false of another `createMetrics`. It stays off: give each its own, `registry: new MetricsRegistry()`.',
    );
  }
  registry.setMaxSeries(settings.maxSeries);
  const fromFile = settings.viewsFile === undefined ? undefined : readViewsFile(settings.viewsFile);
  if (views !== undefined || fromFile !== undefined) setViews(registry, { ...views, ...fromFile });
  registry.setBuckets(catalogueBuckets(settings.buckets));
  if (!settings.enabled) registry.disable();
}

/** The catalogue is checked at once, although its metrics may be made later. */
function setViews(registry: AnyRegistry, views: MetricViews): void {
  registry.setViews(views);
  for (const definition of Object.values(catalogue)) {
    const view = views[definition.name];
    if (view !== undefined) viewedDefinition(definition, view);
  }
}

/** Warns of views that neither a metric that is there nor one of the catalogue has. */
export function warnOfUnusedViews(registry: AnyRegistry): void {
  registry.warnOfUnusedViews(Object.values(catalogue).map(({ name }) => name));
}
