/** What `tamma-metrics up` starts: the files, the ports, and the folder of the data. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { defaultMetricsConfig, metricsConfigOf } from '../config.js';
import { generateBundle } from '../monitoring/bundle.js';
import type { BundleOptions } from '../monitoring/settings.js';
import { writeBundle } from '../monitoring/write-bundle.js';
import { type BundleEnvironment, bundleOptions } from './bundle-options.js';
import { choosePort, localHost } from './ports.js';
import { writtenAddresses } from './written-bundle.js';

/** Options of the command. */
export interface UpOptions {
  /** Folder of a bundle. Default: a bundle is generated, and removed at the end. */
  readonly dir?: string;
  /** File with the options of the generated bundle. */
  readonly config?: string;
  /** 0 for any free port. Default: 9090. */
  readonly prometheusPort?: number;
  /** 0 for any free port. Default: 9093. */
  readonly alertmanagerPort?: number;
}

/** What to start. */
export interface UpPlan {
  /** Absolute path of the bundle. */
  readonly folder: string;
  /** Folder of the data of both programs. */
  readonly data: string;
  readonly prometheusPort: number;
  readonly alertmanagerPort: number;
  readonly retentionDays: number;
  readonly isTemporary: boolean;
  /** Removes a generated bundle. */
  end(): Promise<void>;
}

/** @throws an Error that names an option that cannot be used; the errors of `generateBundle` */
export async function upPlan(options: UpOptions, environment: BundleEnvironment): Promise<UpPlan> {
  if (options.dir === undefined) return generatedPlan(options, environment);
  if (options.config !== undefined)
    throw new Error(
      'Cannot use --config with --dir: expected one of them. The bundle in the folder was generated with its own options.',
    );
  return writtenPlan(options.dir, options);
}

/** A plan for an existing bundle. Its files contain the ports. */
async function writtenPlan(dir: string, options: UpOptions): Promise<UpPlan> {
  const folder = resolve(dir);
  const named = await writtenAddresses(folder);
  const port = (option: string, given: number | undefined, wanted: number | undefined, usual: number) => {
    if (wanted !== undefined && given !== undefined && given !== wanted)
      throw new Error(
        `Cannot use ${option} ${given}: expected ${wanted}, the port in prometheus/prometheus.yml of the bundle. Generate the bundle with another address, or omit the option.`,
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
  environment: BundleEnvironment,
): Promise<UpPlan> {
  const given = await bundleOptions(file === undefined ? {} : { config: file }, environment);
  // Not the port of the service, even if the service is not running yet.
  const usual = given.config?.port === 9090 ? 9091 : 9090;
  const prometheusPort = await choosePort('--prometheus-port', ports.prometheusPort, usual);
  const alertmanagerPort = await choosePort('--alertmanager-port', ports.alertmanagerPort, 9093);
  const folder = await mkdtemp(join(tmpdir(), 'tamma-up-'));
  const end = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const options: BundleOptions = {
      ...given,
      // The placeholders cannot be filled in, since the folder is removed at the end.
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

/** Prometheus reads the token from a file, whose path is relative to the folder of its configuration. */
async function withTokenFile(config: Config, folder: string): Promise<Config> {
  const { token, tokenFile } = config;
  if (tokenFile !== undefined) return { ...config, tokenFile: resolve(tokenFile) };
  if (token === undefined) return config;
  const file = join(folder, 'token');
  await writeFile(file, token, { mode: 0o600 });
  return { ...config, token: undefined, tokenFile: file };
}
