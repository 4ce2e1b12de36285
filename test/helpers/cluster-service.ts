/** The service of the cluster tests as its own process tree, which is ended by pid. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { bundled } from './package-root.js';
import { type ParsedSample, parseText } from './parse-text.js';

export interface ClusterServiceOptions {
  readonly program?: string;
  readonly workers?: number;
  /** Whether a worker that ends is replaced. Default: false. */
  readonly isReplaced?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

interface Message {
  readonly kind: string;
  readonly pid?: number;
  readonly port?: number;
  readonly url?: string;
  readonly heap?: number;
  readonly departedSeries?: number;
  readonly text?: string;
}

export interface ClusterService {
  /** Pids of the workers that listen. */
  readonly pids: ReadonlySet<number>;
  /** Resolves once that many workers listen, with the address that they share. */
  serving(count: number): Promise<string>;
  /** Resolves once the process of a worker has ended. */
  ended(pid: number): Promise<void>;
  metricsUrl(): Promise<string>;
  samples(headers?: Readonly<Record<string, string>>): Promise<ParsedSample[]>;
  /** Resolves once the service has sent a message of this kind. */
  heard(kind: string): Promise<void>;
  ask(message: string, answer: string): Promise<Message>;
  stop(): Promise<void>;
}

export function startClusterService(options: ClusterServiceOptions = {}): ClusterService {
  const { program = 'service.ts', workers = 2, isReplaced = false, env = {} } = options;
  const child: ChildProcess = fork(bundled(`test/fixtures/cluster/${program}`), {
    execArgv: ['--expose-gc'],
    env: { ...process.env, WORKERS: String(workers), REPLACE: String(isReplaced), ...env },
    stdio: ['ignore', 'inherit', process.env.CLUSTER_STDERR === 'true' ? 'inherit' : 'ignore', 'ipc'],
  });
  const pids = new Set<number>();
  const gone = new Set<number>();
  const kinds = new Set<string>();
  let port = 0;
  let url: string | undefined;
  const waitUntil = (holds: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const end = (): void => {
        child.off('message', look);
        child.off('close', fail);
      };
      const look = (): void => {
        if (!holds()) return;
        end();
        resolve();
      };
      const fail = (code: number | null): void => {
        end();
        reject(new Error(`the service ended with ${code}`));
      };
      child.on('message', look);
      child.once('close', fail);
      look();
    });
  child.on('message', (message: Message) => {
    kinds.add(message.kind);
    if (message.kind === 'listening' && message.pid !== undefined) {
      pids.add(message.pid);
      port = message.port ?? port;
    } else if (message.kind === 'ended' && message.pid !== undefined) {
      pids.delete(message.pid);
      gone.add(message.pid);
    } else if (message.kind === 'metrics') url = message.url;
  });
  const metricsUrl = async (): Promise<string> => {
    await waitUntil(() => url !== undefined);
    return `${url}/metrics`;
  };
  return {
    pids,
    async serving(count) {
      await waitUntil(() => pids.size >= count);
      return `http://127.0.0.1:${port}`;
    },
    heard: (kind) => waitUntil(() => kinds.has(kind)),
    ended: (pid) => waitUntil(() => gone.has(pid)),
    metricsUrl,
    async samples(headers = {}) {
      const response = await fetch(await metricsUrl(), { headers });
      return parseText(await response.text());
    },
    async ask(message, answer) {
      let found: Message = { kind: 'nothing' };
      const hear = (each: Message): void => {
        if (each.kind === answer) found = each;
      };
      child.on('message', hear);
      child.send(message);
      await waitUntil(() => found.kind === answer);
      child.off('message', hear);
      return found;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const end = once(child, 'exit');
      // Without a connected parent it ends its workers and then itself.
      child.disconnect();
      await end;
    },
  };
}

/** Sum of a metric over all its series. */
export function total(samples: readonly ParsedSample[], name: string): number {
  return samples.reduce((sum, sample) => (sample.name === name ? sum + sample.value : sum), 0);
}
