/** Where the options of a bundle come from: a file of the user's, the environment, the command line. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadMetricsConfig, metricsConfigOf } from '../config.js';
import { shown } from '../errors.js';
import type { BundlePart } from '../monitoring/bundle-parts.js';
import type { BundleOptions, PrometheusVersion } from '../monitoring/settings.js';

/** What the process has that runs the command. */
export interface BundleSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Loads a file of the user's, which may be an ES module. */
  readonly importModule: (url: string) => Promise<Record<string, unknown>>;
}

export interface GivenOptions {
  /** Path of an ES module. */
  readonly config?: string;
  readonly target?: PrometheusVersion;
  /** Parts of the service. They are checked where the bundle is generated. */
  readonly include?: readonly string[];
  /** How Prometheus takes native histograms. */
  readonly nativeHistograms?: 'feature' | 'setting';
}

/**
 * The options of the file over those of the environment, and those of the command line over both.
 * @throws an Error for a file that cannot be read; ERR_METRICS_INVALID_CONFIG
 */
export async function bundleOptions(
  { config: file, target, include, nativeHistograms }: GivenOptions,
  { env, importModule }: BundleSurroundings,
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
  importModule: BundleSurroundings['importModule'],
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
  importModule: BundleSurroundings['importModule'],
): Promise<Record<string, unknown>> {
  try {
    return await importModule(pathToFileURL(resolve(file)).href);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // What the file itself throws has a code of ours, and says enough.
    if (code?.startsWith('ERR_METRICS_') === true) throw error;
    const mend =
      code === 'ERR_UNKNOWN_FILE_EXTENSION'
        ? ' This Node loads no TypeScript: write .js or .mjs, or set NODE_OPTIONS=--import=tsx.'
        : '';
    throw new Error(`Cannot read \`${file}\`: expected an ES module: ${message}.${mend}`, { cause: error });
  }
}
