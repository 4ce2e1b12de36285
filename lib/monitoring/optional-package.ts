/** Packages that nothing but the bundle needs: optional peers, loaded when it is generated. */
import { metricsError } from '../errors.js';
import loader from './load-package.cjs';

/** Loads a module of a package. */
export type Load = (specifier: string) => unknown;

/** All of them, so that one line installs what would otherwise be missed one after the other. */
const packages = [
  '@grafana/grafana-foundation-sdk',
  '@prometheus-io/codemirror-promql',
  '@codemirror/language',
  '@codemirror/state',
];

/** A module of an optional peer. @throws ERR_METRICS_MISSING_PACKAGE with the line that installs all of them */
export function optionalModule(specifier: string, load: Load = loader.loadPackage): unknown {
  try {
    return load(specifier);
  } catch (error) {
    throw missingPackage(error, specifier);
  }
}

/** The error of a package that is not there, or so old that it lacks a part; any other error as it is. */
export function missingPackage(error: unknown, specifier: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (!['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND', 'ERR_PACKAGE_PATH_NOT_EXPORTED'].includes(String(code)))
    return error;
  const missing = packageOf(/'([^'.][^']*)'/.exec(message)?.[1] ?? specifier);
  return metricsError(
    'ERR_METRICS_MISSING_PACKAGE',
    `Cannot load \`${missing}\`: expected a package that the monitoring bundle needs, received none of that name. Install them: npm install --save-dev ${packages.join(' ')}`,
    { cause: error },
  );
}

function packageOf(specifier: string): string {
  return /^(@[^/]+\/[^/]+|[^/]+)/.exec(specifier)?.[0] ?? specifier;
}
