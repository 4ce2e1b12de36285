/** Definitions as plain objects with a list of label names, for code that names its metrics by text. */

import { defineCounter, defineGauge, defineHistogram, defineSummary } from './define.js';
import type { MetricDefinition, MetricType } from './definition.js';
import { metricsError, shown } from './errors.js';
import { type Label, label } from './label.js';

/** A metric as plain data. Exported from the package as `MetricDefinition`. */
export interface PlainMetricDefinition {
  /** Prometheus name: snake_case, the base unit as suffix, `_total` for a counter. */
  name: string;
  /** `counter`, `gauge`, `histogram` or `summary`. */
  type: MetricType;
  /** One sentence that says what is counted or measured. */
  help: string;
  /** Label names, in the order of the text output. Default: none. */
  labels?: string[];
  /** Upper bounds, of a histogram alone. Default: those of the unit in its name, by the configuration; else of durations. */
  buckets?: number[];
  /** 0 to 1, of a summary alone. Default: none. */
  quantiles?: number[];
}

/** A definition as the `define` functions give it, or a plain one. */
export type AnyMetricDefinition = MetricDefinition | PlainMetricDefinition;

/**
 * The definition that a plain one stands for; any other is returned as it is.
 * @throws ERR_METRICS_INVALID_DEFINITION
 */
export function definitionOf(given: AnyMetricDefinition): MetricDefinition {
  if (typeof given !== 'object' || given === null)
    throw invalid('definition', 'an object { name, type, help }', given);
  if (isTyped(given)) return given;
  const { type, labels = [], buckets, quantiles, ...rest } = given;
  if (!Array.isArray(labels)) throw invalid('labels', 'a list of label names', labels);
  if (buckets !== undefined && type !== 'histogram')
    throw invalid('buckets', 'none, since only a histogram has them', buckets);
  if (quantiles !== undefined && type !== 'summary')
    throw invalid('quantiles', 'none, since only a summary has them', quantiles);
  const common = { ...rest, labels: openLabels(labels) };
  switch (type) {
    case 'counter':
      return defineCounter(common);
    case 'gauge':
      return defineGauge(common);
    case 'histogram':
      return defineHistogram({ ...common, ...(buckets && { buckets }) });
    case 'summary':
      return defineSummary({ ...common, ...(quantiles && { quantiles }) });
    default:
      throw invalid('type', 'counter, gauge, histogram or summary', type);
  }

  function invalid(part: string, expected: string, received: unknown): Error {
    const name = (given as Partial<PlainMetricDefinition> | null)?.name;
    return metricsError(
      'ERR_METRICS_INVALID_DEFINITION',
      `Invalid \`${part}\` of metric ${shown(name)}: expected ${expected}, received ${shown(received)}.`,
    );
  }
}

/** Labels that take any text. */
export function openLabels(names: readonly string[]): Record<string, Label> {
  return Object.fromEntries(names.map((name) => [name, label()]));
}

function isTyped(given: AnyMetricDefinition): given is MetricDefinition {
  return given.labels !== undefined && !Array.isArray(given.labels) && Object.isFrozen(given);
}
