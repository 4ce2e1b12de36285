/** Loads optional peer dependencies, which only the generation of a bundle needs. */
import { metricsError } from '../errors.js';
import loader from './load-package.cjs';

/** Loads a module of a package. */
export type Load = (specifier: string) => unknown;

/** All of them, so that one command installs everything. */
const packages = ['@prometheus-io/codemirror-promql', '@codemirror/language', '@codemirror/state'];

/** A module of an optional peer dependency. @throws ERR_METRICS_MISSING_PACKAGE with the command that installs all of them */
export function optionalModule(specifier: string, load: Load = loader.loadPackage): unknown {
  try {
    return load(specifier);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Not installed, or too old to export the module.
    if (!['MODULE_NOT_FOUND', 'ERR_PACKAGE_PATH_NOT_EXPORTED'].includes(String(code))) throw error;
    const path = /'([^'.][^']*)'/.exec(message)?.[1] ?? specifier;
    const missing = /^(@[^/]+\/[^/]+|[^/]+)/.exec(path)?.[0] ?? path;
    throw metricsError(
      'ERR_METRICS_MISSING_PACKAGE',
      `Cannot load \`${missing}\`: expected a package that the monitoring bundle needs, received none of that name. Install them: npm install --save-dev ${packages.join(' ')}`,
      { cause: error },
    );
  }
}
