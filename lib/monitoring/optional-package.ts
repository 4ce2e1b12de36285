/** Packages that nothing but the bundle needs: optional peers, loaded when it is generated. */
import { createRequire } from 'node:module';
import { metricsError } from '../errors.js';

/** Loads a module of a package; `createRequire` gives one. */
export type Load = (specifier: string) => unknown;

const loadFromHere: Load = createRequire(import.meta.url);

/**
 * A module of an optional peer.
 * @param packages what is to be installed, with the peers that only some package managers bring
 * @throws ERR_METRICS_MISSING_PACKAGE with the line that installs them
 */
export function optionalModule(
  specifier: string,
  packages: readonly string[],
  load: Load = loadFromHere,
): unknown {
  try {
    return load(specifier);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const missing = packageOf(/'([^']+)'/.exec(message)?.[1] ?? specifier);
    throw metricsError(
      'ERR_METRICS_MISSING_PACKAGE',
      `Cannot load \`${missing}\`: expected a package that the monitoring bundle needs, received none of that name. Install it: npm install --save-dev ${packages.join(' ')}`,
      { cause: error },
    );
  }
}

function packageOf(specifier: string): string {
  return /^(@[^/]+\/[^/]+|[^/]+)/.exec(specifier)?.[0] ?? specifier;
}
