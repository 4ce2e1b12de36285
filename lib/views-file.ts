/** Views from a JSON file, so that operators need not change the code of a service. */
import { readFileSync } from 'node:fs';
import { metricsError } from './errors.js';
import { messageOf } from './metrics-warning.js';
import { checkedViews, type MetricViews } from './views.js';

/**
 * Reads the file of METRICS_VIEWS_FILE: an object with views by the name of the metric.
 * @throws ERR_METRICS_INVALID_CONFIG for a file that cannot be read, is not JSON, or has an invalid view
 * @example
 * { "http_server_request_duration_seconds": { "dropLabels": ["route"] }, "queue_depth": { "enabled": false } }
 */
export function readViewsFile(path: string): MetricViews {
  try {
    return Object.fromEntries(checkedViews(JSON.parse(readFileSync(path, 'utf8'))));
  } catch (error) {
    throw metricsError(
      'ERR_METRICS_INVALID_CONFIG',
      `Invalid configuration: \`METRICS_VIEWS_FILE\`: expected a JSON file of views by metric, received ${JSON.stringify(path)}: ${messageOf(error)}`,
      { cause: error },
    );
  }
}
