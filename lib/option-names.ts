/** The names of options, held to their type, so that a misspelt one is reported and not ignored. */
import { didYouMean, type MetricsError, metricsError, shown } from './errors.js';

/** Every option of `O`: one that is missing here, or is none of them, does not compile. */
export type OptionNames<O> = Readonly<Record<keyof O, true>>;

/**
 * Checks that options are an object with known names.
 * @throws ERR_METRICS_INVALID_OPTION, with the option that may be meant
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
 * The error of an option whose value cannot be used.
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
