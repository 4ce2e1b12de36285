/** The names of options, held to their type, so that a misspelt one is reported and not ignored. */
import { metricsError, nearest, shown } from './errors.js';

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
    const meant = nearest(option, names);
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Unknown option \`${option}\` of ${where}: expected some of ${names.join(', ')}.${meant === undefined ? '' : ` Did you mean \`${meant}\`?`}`,
    );
  }
}
