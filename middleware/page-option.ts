/** The option `dashboard` of the factories that serve a dashboard beside the metrics. */
import { expectedInterval, isInterval } from '../lib/interval.js';
import { isMetricsPath } from '../lib/metrics-path.js';
import { checkOptionNames, invalidOption, type OptionNames } from '../lib/option-names.js';

/** The options of a dashboard that do not depend on where it is served. */
export interface DashboardPageOptions {
  /** The path of the page. Default: `/dashboard`. */
  readonly path?: string;
  /** The title of the page. Default: the name of the service in the environment, SERVICE_NAME. */
  readonly title?: string;
  /** Seconds between two readings of the registry while no page is open, 0.1 to 86,400. Default: 15. */
  readonly intervalSeconds?: number;
  /** The maximum number of samples to keep per metric, METRICS_RETENTION_SAMPLES. Default: 10,000. */
  readonly retentionSamples?: number;
  /** A file that keeps the history across restarts. Default: none. */
  readonly historyFile?: string;
  /** The number of pages that may be open at the same time. Further ones get 503 with Retry-After. Default: 20. */
  readonly maxPages?: number;
}

/** The options of a dashboard on the metrics server. */
export type ServedDashboard = Pick<DashboardPageOptions, 'path' | 'title' | 'historyFile' | 'maxPages'>;

export const servedOptionNames = {
  path: true,
  title: true,
  historyFile: true,
  maxPages: true,
} satisfies OptionNames<ServedDashboard>;

/**
 * The options in it: an empty object for `true` and `false`.
 * @throws ERR_METRICS_INVALID_OPTION if it is neither a boolean nor an object with known names and valid values
 */
export function givenDashboard<O extends DashboardPageOptions>(
  where: string,
  dashboard: boolean | O,
  known: OptionNames<NoInfer<O>>,
): Partial<O> {
  if (typeof dashboard === 'boolean') return {};
  if (typeof dashboard !== 'object' || dashboard === null)
    throw invalidOption(where, 'dashboard', 'true, false or an object such as { path }', dashboard);
  checkOptionNames(`\`dashboard\` of ${where}`, dashboard, known);
  checkPageOptions(where, dashboard, 'dashboard.');
  return dashboard;
}

/**
 * @param prefix the place of the options within those of the factory
 * @throws ERR_METRICS_INVALID_OPTION
 */
export function checkPageOptions(where: string, options: DashboardPageOptions, prefix = ''): void {
  const { path, title, intervalSeconds, retentionSamples, historyFile, maxPages } = options;
  const check = (option: keyof DashboardPageOptions, isValid: boolean, expected: string): void => {
    const received = options[option];
    if (received !== undefined && !isValid)
      throw invalidOption(where, `${prefix}${option}`, expected, received);
  };
  const isPagePath = typeof path === 'string' && path !== '/' && isMetricsPath(path);
  check('path', isPagePath, 'a path such as `/dashboard`, without patterns');
  check('title', typeof title === 'string', 'a text');
  check('intervalSeconds', isInterval(intervalSeconds), expectedInterval);
  check('retentionSamples', isCount(retentionSamples), 'a positive integer');
  const isFile = typeof historyFile === 'string' && !/^$|[/\\]$/.test(historyFile);
  check('historyFile', isFile, 'the path of a file');
  check('maxPages', isCount(maxPages), 'a positive integer');
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) > 0;
}
