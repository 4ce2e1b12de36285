/** What `tamma-metrics up` starts: which files, on which ports, keeping its data where. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { defaultMetricsConfig, metricsConfigOf } from '../config.js';
import { generateBundle } from '../monitoring/bundle.js';
import type { BundleOptions } from '../monitoring/settings.js';
import { writeBundle } from '../monitoring/write-bundle.js';
import { type BundleSurroundings, bundleOptions } from './bundle-options.js';
import { choosePort, localHost } from './ports.js';
import { writtenAddresses } from './written-bundle.js';

export interface UpOptions {
  /** Folder of a bundle. Default: one is generated, and removed at the end. */
  readonly dir?: string;
  /** Options of the generated one. */
  readonly config?: string;
  /** 0 takes any free one. */
  readonly prometheusPort?: number;
  readonly alertmanagerPort?: number;
}

export interface UpPlan {
  /** Absolute. */
  readonly folder: string;
  readonly data: string;
  readonly prometheusPort: number;
  readonly alertmanagerPort: number;
  readonly retentionDays: number;
  readonly isTemporary: boolean;
  /** Removes what was generated. */
  end(): Promise<void>;
}

/** @throws an Error that says which option cannot be used; what generating throws */
export async function upPlan(options: UpOptions, surroundings: BundleSurroundings): Promise<UpPlan> {
  if (options.dir === undefined) return generatedPlan(options, surroundings);
  if (options.config !== undefined)
    throw new Error(
      'Cannot use --config with --dir: expected one of them; the bundle in the folder has its options already.',
    );
  return writtenPlan(options.dir, options);
}

/** The files name the ports: they are taken from there. */
async function writtenPlan(dir: string, options: UpOptions): Promise<UpPlan> {
  const folder = resolve(dir);
  const named = await writtenAddresses(folder);
  const port = (option: string, given: number | undefined, wanted: number | undefined, usual: number) => {
    if (wanted !== undefined && given !== undefined && given !== wanted)
      throw new Error(
        `Cannot use ${option} ${given}: expected ${wanted}, which prometheus/prometheus.yml of the bundle names; generate the bundle with another address, or leave the option out.`,
      );
    return choosePort(option, wanted ?? given, usual);
  };
  const prometheusPort = await port('--prometheus-port', options.prometheusPort, named.prometheusPort, 9090);
  const alertmanagerPort = await port(
    '--alertmanager-port',
    options.alertmanagerPort,
    named.alertmanagerPort,
    9093,
  );
  return {
    folder,
    data: join(folder, 'data'),
    prometheusPort,
    alertmanagerPort,
    retentionDays: named.retentionDays ?? defaultMetricsConfig.retentionDays,
    isTemporary: false,
    end: async () => undefined,
  };
}

async function generatedPlan(
  { config: file, ...ports }: UpOptions,
  surroundings: BundleSurroundings,
): Promise<UpPlan> {
  const given = await bundleOptions(file === undefined ? {} : { config: file }, surroundings);
  // The port of the service is its own, whether it runs already or not.
  const usual = given.config?.port === 9090 ? 9091 : 9090;
  const prometheusPort = await choosePort('--prometheus-port', ports.prometheusPort, usual);
  const alertmanagerPort = await choosePort('--alertmanager-port', ports.alertmanagerPort, 9093);
  const folder = await mkdtemp(join(tmpdir(), 'tamma-up-'));
  const end = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const options: BundleOptions = {
      ...given,
      // Nobody can fill in the placeholders of a folder that is removed at the end.
      receivers: { ...nowhere, ...given.receivers },
      ...(given.config === undefined ? {} : { config: await withTokenFile(given.config, folder) }),
      prometheus: `${localHost}:${prometheusPort}`,
      alertmanager: `${localHost}:${alertmanagerPort}`,
    };
    await writeBundle(await generateBundle(options), folder);
    return {
      folder,
      data: join(folder, 'data'),
      prometheusPort,
      alertmanagerPort,
      retentionDays: metricsConfigOf(options.config).retentionDays,
      isTemporary: true,
      end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

const nowhere = {
  pager: 'nowhere',
  escalation: 'nowhere',
  tickets: 'nowhere',
  deadMansSwitch: 'nowhere',
} as const satisfies BundleOptions['receivers'];

type Config = NonNullable<BundleOptions['config']>;

/** Prometheus reads the token from a file, and looks for it from its own folder on. */
async function withTokenFile(config: Config, folder: string): Promise<Config> {
  const { token, tokenFile } = config;
  if (tokenFile !== undefined) return { ...config, tokenFile: resolve(tokenFile) };
  if (token === undefined) return config;
  const file = join(folder, 'token');
  await writeFile(file, token, { mode: 0o600 });
  return { ...config, token: undefined, tokenFile: file };
}
