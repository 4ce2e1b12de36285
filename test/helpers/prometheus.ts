/** A real Prometheus on 127.0.0.1, on a free port, with its files in a temporary folder. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prometheusAddress } from './prometheus-address.js';

/** One result of an instant query. */
export interface QueryResult {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Prometheus {
  readonly url: string;
  /** Evaluates an expression now, through the HTTP API. */
  query(expression: string): Promise<QueryResult[]>;
  /** 2 or 3. */
  majorVersion(): Promise<number>;
  stop(): Promise<void>;
}

export interface PrometheusOptions {
  /** Path of the program. */
  readonly program: string;
  /** What to scrape: `http://host:port/path`. */
  readonly target: string;
  readonly scrapeIntervalSeconds: number;
  /** Additional YAML lines of the scrape job, with its indentation: a token, for example. */
  readonly job?: string;
  /** Additional arguments of the program. */
  readonly args?: readonly string[];
}

export async function startPrometheus({
  program,
  target,
  scrapeIntervalSeconds,
  job = '',
  args = [],
}: PrometheusOptions): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'tamma-prometheus-'));
  const { host, pathname } = new URL(target);
  const configuration = `global:
  scrape_interval: ${scrapeIntervalSeconds}s
scrape_configs:
  - job_name: tamma
    metrics_path: ${pathname}
    static_configs:
      - targets: ['${host}']
${job}`;
  await writeFile(join(folder, 'prometheus.yml'), configuration);
  const child = spawn(
    program,
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'tsdb')}`,
      '--web.listen-address=127.0.0.1:0',
      ...args,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const closed = once(child, 'close');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await closed;
    await rm(folder, { recursive: true, force: true });
  };
  const url = await prometheusAddress(child, closed);
  return {
    url,
    stop,
    query: (expression) => queryPrometheus(url, expression),
    async majorVersion() {
      const response = await fetch(`${url}/api/v1/status/buildinfo`);
      return Number.parseInt(((await response.json()) as { data: { version: string } }).data.version, 10);
    },
  };
}

/** Evaluates an expression now, through the HTTP API of a running Prometheus. @throws an Error with its message if the expression is invalid */
export async function queryPrometheus(url: string, expression: string): Promise<QueryResult[]> {
  const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`);
  const answer = (await response.json()) as {
    status: string;
    error?: string;
    data: { result: { metric: Record<string, string>; value: [number, string] }[] };
  };
  if (answer.status !== 'success') throw new Error(`${expression}: ${answer.error}`);
  return answer.data.result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
}
