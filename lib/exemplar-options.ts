/** The settings of exemplars of one registry, and their options. */
import { noteContextLabels } from './instruments/exemplar-sources.js';
import type { ExemplarSettings } from './instruments/exemplars.js';
import { isUserLabelName } from './naming.js';
import { checkOptionNames, invalidOption } from './option-names.js';

/**
 * What exemplars hold beside the ids of the trace.
 * @example
 * const registry = new MetricsRegistry({ exemplars: { contextLabels: ['workflow_id'] } });
 * await withLabels({ workflow_id: run.id }, () => execute(run));
 */
export interface ExemplarOptions {
  /** Names of labels that `withLabels` sets, which exemplars get and series do not. Default: none. */
  readonly contextLabels?: readonly string[];
}

export function exemplarSettings(registry: {
  recordingFailed(metric: string, reason: string, error: unknown): void;
}): ExemplarSettings {
  return {
    isOn: true,
    contextLabels: [],
    failed: (metric, error) => registry.recordingFailed(metric, 'exemplar', error),
  };
}

/** See `MetricsRegistry.setExemplars`. */
export function changeExemplars(settings: ExemplarSettings, exemplars: boolean | ExemplarOptions): void {
  checkExemplars('a registry', exemplars);
  settings.isOn = exemplars !== false;
  settings.contextLabels = typeof exemplars === 'object' ? [...(exemplars.contextLabels ?? [])] : [];
  if (settings.contextLabels.length > 0) noteContextLabels();
}

/** @throws ERR_METRICS_INVALID_OPTION */
function checkExemplars(where: string, exemplars: unknown): void {
  if (typeof exemplars === 'boolean') return;
  if (typeof exemplars !== 'object' || exemplars === null)
    throw invalidOption(where, 'exemplars', 'true, false or { contextLabels }', exemplars);
  checkOptionNames<ExemplarOptions>(`\`exemplars\` of ${where}`, exemplars, { contextLabels: true });
  const { contextLabels = [] } = exemplars as { contextLabels?: unknown };
  const isNames =
    Array.isArray(contextLabels) &&
    contextLabels.every((name) => typeof name === 'string' && isUserLabelName(name));
  if (!isNames)
    throw invalidOption(
      `\`exemplars\` of ${where}`,
      'contextLabels',
      'an array of label names',
      contextLabels,
    );
}
