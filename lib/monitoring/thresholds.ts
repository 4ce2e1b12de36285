/** The limits of the alerts, in one table: who wants another number gives it here, and edits no rule. */
import { nearest } from '../errors.js';
import { monitoringError } from './expression.js';

/** Name -> limit. Shares are 0 to 1, times are seconds, sizes are bytes. */
export const defaultThresholds = Object.freeze({
  /** Share of workflows that fail. */
  workflowFailureShare: 0.2,
});

export type Thresholds = Readonly<Record<keyof typeof defaultThresholds, number>>;

/** @throws ERR_METRICS_INVALID_MONITORING for a name that there is not, or what is no number */
export function thresholdsWith(own: Partial<Thresholds> = {}): Thresholds {
  for (const [name, value] of Object.entries(own)) {
    if (!Object.hasOwn(defaultThresholds, name)) {
      const meant = nearest(name, Object.keys(defaultThresholds));
      throw monitoringError(
        'threshold',
        `one of ${Object.keys(defaultThresholds).join(', ')}`,
        name,
        meant === undefined ? '' : `Did you mean \`${meant}\`?`,
      );
    }
    if (typeof value !== 'number' || !Number.isFinite(value))
      throw monitoringError(`threshold \`${name}\``, 'a number', value);
  }
  return Object.freeze({ ...defaultThresholds, ...own });
}
