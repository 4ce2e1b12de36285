/** Reads how to start a bundle from its files. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';

/** The ports in the configuration of a bundle; `undefined` if it has none. */
export interface WrittenAddresses {
  /** Port that Prometheus sends alerts to. */
  readonly alertmanagerPort: number | undefined;
  /** Port on which Prometheus scrapes itself. */
  readonly prometheusPort: number | undefined;
  /** Days that Prometheus keeps samples. */
  readonly retentionDays: number | undefined;
}

interface StaticConfig {
  readonly targets?: readonly string[];
}

interface PrometheusConfiguration {
  readonly alerting?: {
    readonly alertmanagers?: readonly { readonly static_configs?: readonly StaticConfig[] }[];
  };
  readonly scrape_configs?: readonly {
    readonly job_name?: string;
    readonly static_configs?: readonly StaticConfig[];
  }[];
}

/** @throws an Error if the folder does not contain a bundle */
export async function writtenAddresses(folder: string): Promise<WrittenAddresses> {
  const configuration = (parse(await fileOf(folder, 'prometheus/prometheus.yml')) ??
    {}) as PrometheusConfiguration;
  await fileOf(folder, 'alertmanager/alertmanager.yml');
  const self = configuration.scrape_configs?.find(({ job_name }) => job_name === 'prometheus');
  const readme = await readFile(join(folder, 'README.md'), 'utf8').catch(() => '');
  const days = /--storage\.tsdb\.retention\.time=(\d+)d/.exec(readme)?.[1];
  return {
    alertmanagerPort: portOf(configuration.alerting?.alertmanagers?.[0]?.static_configs),
    prometheusPort: portOf(self?.static_configs),
    retentionDays: days === undefined ? undefined : Number(days),
  };
}

async function fileOf(folder: string, path: string): Promise<string> {
  try {
    return await readFile(join(folder, path), 'utf8');
  } catch (error) {
    const { message } = error as Error;
    throw new Error(
      `Cannot read \`${join(folder, path)}\`: expected the folder of a bundle: ${message}. Write one: tamma-metrics bundle --out ${folder}`,
      { cause: error },
    );
  }
}

function portOf(configs: readonly StaticConfig[] | undefined): number | undefined {
  const port = /:(\d+)$/.exec(configs?.[0]?.targets?.[0] ?? '')?.[1];
  return port === undefined ? undefined : Number(port);
}
