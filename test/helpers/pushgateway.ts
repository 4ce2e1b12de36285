/** A real Pushgateway on 127.0.0.1 that can be stopped and restarted on the same port. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from './free-port.js';

/** A group as the API of the gateway returns it: its key, and the samples of each metric. */
export interface PushedGroup {
  readonly labels: Readonly<Record<string, string>>;
  readonly metrics: ReadonlyMap<string, readonly PushedSample[]>;
}

export interface PushedSample {
  readonly labels: Readonly<Record<string, string>>;
  /** For a histogram or a summary, its count. */
  readonly value: number;
}

export interface Pushgateway {
  readonly url: string;
  readonly port: number;
  groups(): Promise<PushedGroup[]>;
  /** The value of a metric that has one sample in one group. */
  value(metric: string): Promise<number | undefined>;
  /** The text that a Prometheus would scrape. */
  exposition(): Promise<string>;
  /** Restarts it on its port, without its metrics. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface PushgatewayOptions {
  /** Path of the program. */
  readonly program: string;
  /** Default: a free one. */
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** `--web.config.file`, for TLS and basic auth. */
  readonly webConfig?: string;
}

export async function startPushgateway({
  program,
  port: given,
  env = {},
  webConfig,
}: PushgatewayOptions): Promise<Pushgateway> {
  const port = given ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const started = spawn(
      program,
      [
        `--web.listen-address=127.0.0.1:${port}`,
        '--persistence.file=',
        ...(webConfig === undefined ? [] : [`--web.config.file=${webConfig}`]),
      ],
      { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } },
    );
    child = started;
    await new Promise<void>((resolve, reject) => {
      let log = '';
      started.stderr.on('data', (chunk) => {
        log += chunk;
        // Logged once it accepts connections, with TLS or without.
        if (log.includes('TLS is')) resolve();
      });
      started.once('close', () => reject(new Error(`pushgateway ended: ${log}`)));
    });
  };
  const groups = async (): Promise<PushedGroup[]> => {
    const { data } = (await (await fetch(`${url}/api/v1/metrics`)).json()) as { data: ApiGroup[] };
    return data.map(readGroup);
  };
  await start();
  return {
    url,
    port,
    start,
    groups,
    async value(metric) {
      const samples = (await groups()).flatMap(({ metrics }) => metrics.get(metric) ?? []);
      if (samples.length > 1) throw new Error(`${metric} has ${samples.length} samples`);
      return samples[0]?.value;
    },
    exposition: async () => (await fetch(`${url}/metrics`)).text(),
    async stop() {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const closed = once(child, 'close');
      child.kill('SIGTERM');
      await closed;
    },
  };
}

interface ApiMetric {
  readonly metrics: readonly {
    readonly labels?: Record<string, string>;
    readonly value?: string;
    readonly count?: string;
  }[];
}

type ApiGroup = { readonly labels: Record<string, string> } & Record<string, ApiMetric>;

function readGroup({ labels, ...rest }: ApiGroup): PushedGroup {
  const metrics = Object.entries(rest as Record<string, Partial<ApiMetric>>).flatMap(
    ([name, { metrics: samples }]) =>
      samples === undefined
        ? []
        : [
            [
              name,
              samples.map(({ labels: own = {}, value, count }) => ({
                labels: own,
                value: Number(value ?? count),
              })),
            ] as const,
          ],
  );
  return { labels, metrics: new Map(metrics) };
}
