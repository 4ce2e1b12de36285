/** Checks the names of options, so that a misspelt option is reported instead of ignored. */
import { didYouMean, type MetricsError, metricsError, shown } from './errors.js';

/** Every option of `O`: a missing or an extra name does not compile. */
export type OptionNames<O> = Readonly<Record<keyof O, true>>;

/**
 * Checks that options are an object with known names.
 * @throws ERR_METRICS_INVALID_OPTION, with the nearest option name
 */
export function checkOptionNames<O extends object>(
  where: string,
  options: O | undefined,
  known: OptionNames<NoInfer<O>>,
  received: unknown = options,
): void {
  const names = Object.keys(known);
  if (typeof options !== 'object' || options === null) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid options of ${where}: expected { ${names.map((name) => `${name}?`).join(', ')} }, received ${shown(received)}.`,
    );
  }
  for (const option of Object.keys(options)) {
    if (Object.hasOwn(known, option)) continue;
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Unknown option \`${option}\` of ${where}: expected some of ${names.join(', ')}.${didYouMean(option, names)}`,
    );
  }
}

/**
 * The error for an invalid value of an option.
 *
 * @example
 * throw invalidOption('startPush', 'intervalSeconds', 'a positive number of seconds', intervalSeconds);
 */
export function invalidOption(
  where: string,
  option: string,
  expected: string,
  received: unknown,
  remedy = '',
): MetricsError {
  return metricsError(
    'ERR_METRICS_INVALID_OPTION',
    `Invalid \`${option}\` of ${where}: expected ${expected}, received ${shown(received)}.${remedy}`,
  );
}
