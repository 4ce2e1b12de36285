/** The options of a bundle, from a file, the environment and the command line. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadMetricsConfig, metricsConfigOf } from '../config.js';
import { shown } from '../errors.js';
import type { BundlePart } from '../monitoring/bundle-parts.js';
import type { BundleOptions, PrometheusVersion } from '../monitoring/settings.js';

/** The parts of a process that the options are read from. */
export interface BundleEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Loads a module, which may be an ES module. */
  readonly importModule: (url: string) => Promise<Record<string, unknown>>;
}

/** The options of the command line. */
export interface GivenOptions {
  /** Path of an ES module. */
  readonly config?: string;
  readonly target?: PrometheusVersion;
  /** Parts of the service. `generateBundle` checks them. */
  readonly include?: readonly string[];
  /** How Prometheus takes native histograms. */
  readonly nativeHistograms?: 'feature' | 'setting';
}

/**
 * Reads the options. The command line takes precedence over the file, and the file over the environment.
 * @throws an Error for a file that cannot be read; ERR_METRICS_INVALID_CONFIG
 */
export async function bundleOptions(
  { config: file, target, include, nativeHistograms }: GivenOptions,
  { env, importModule }: BundleEnvironment,
): Promise<BundleOptions> {
  const own = file === undefined ? {} : await optionsOfFile(file, importModule);
  return {
    ...own,
    config: metricsConfigOf(own.config, loadMetricsConfig(env)),
    ...(target === undefined ? {} : { target }),
    ...(nativeHistograms === undefined ? {} : { nativeHistograms }),
    ...(include === undefined ? {} : { include: include as readonly BundlePart[] }),
  };
}

async function optionsOfFile(
  file: string,
  importModule: BundleEnvironment['importModule'],
): Promise<BundleOptions> {
  const loaded = await moduleAt(file, importModule);
  const given = loaded.default ?? loaded.bundle;
  if (typeof given === 'object' && given !== null) return given as BundleOptions;
  const received = given === undefined ? Object.keys(loaded).join(', ') || 'no export' : shown(given);
  throw new Error(
    `Cannot read \`${file}\`: expected the options of the bundle as its default export, or as an export named \`bundle\`, received ${received}.`,
  );
}

async function moduleAt(
  file: string,
  importModule: BundleEnvironment['importModule'],
): Promise<Record<string, unknown>> {
  try {
    return await importModule(pathToFileURL(resolve(file)).href);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Thrown by this package while the file was loaded: the message is clear.
    if (code?.startsWith('ERR_METRICS_') === true) throw error;
    const remedy =
      code === 'ERR_UNKNOWN_FILE_EXTENSION'
        ? ' This version of Node.js does not load TypeScript: use .js or .mjs, or set NODE_OPTIONS=--import=tsx.'
        : '';
    throw new Error(`Cannot read \`${file}\`: expected an ES module: ${message}.${remedy}`, { cause: error });
  }
}
