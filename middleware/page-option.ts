/** The option `dashboard` of the factories that serve a dashboard beside the metrics. */
import { checkOptionNames, invalidOption, type OptionNames } from '../lib/option-names.js';
import type { DashboardOptions } from './dashboard/dashboard-options.js';

/** The options of a dashboard on the metrics server. */
export type ServedDashboard = Pick<DashboardOptions, 'path' | 'title' | 'historyFile' | 'maxPages'>;

export const servedOptionNames = {
  path: true,
  title: true,
  historyFile: true,
  maxPages: true,
} satisfies OptionNames<ServedDashboard>;

/**
 * The options in it: an empty object for `true` and `false`.
 * @throws ERR_METRICS_INVALID_OPTION if it is neither a boolean nor an object with known names
 */
export function givenDashboard<O extends object>(
  where: string,
  dashboard: boolean | O,
  known: OptionNames<NoInfer<O>>,
): Partial<O> {
  if (typeof dashboard === 'boolean') return {};
  if (typeof dashboard !== 'object' || dashboard === null)
    throw invalidOption(where, 'dashboard', 'true, false or an object such as { path }', dashboard);
  checkOptionNames(`\`dashboard\` of ${where}`, dashboard, known);
  return dashboard;
}
