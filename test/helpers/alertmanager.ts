/** A real Alertmanager on 127.0.0.1, in a folder with its configuration, and a webhook that records its notifications. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { until } from './until.js';

/** An alert as its API takes it. */
export interface PostedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly endsAt?: string;
}

export interface AlertmanagerProcess {
  readonly url: string;
  readonly address: string;
  post(alerts: readonly PostedAlert[]): Promise<void>;
  /** Names of the alerts that another alert inhibits now. */
  inhibited(): Promise<string[]>;
  stop(): Promise<void>;
}

export interface AlertmanagerOptions {
  /** Path of the program. */
  readonly program: string;
  /** The folder it is started in. */
  readonly folder: string;
  /** The arguments of the program, for a free address. */
  readonly args: (address: string) => readonly string[];
}

export async function startAlertmanager({
  program,
  folder,
  args,
}: AlertmanagerOptions): Promise<AlertmanagerProcess> {
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  const child = spawn(program, args(address), { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const closed = once(child, 'close');
  let log = '';
  child.stderr.on('data', (chunk) => {
    log += chunk;
  });
  const ready = until('alertmanager is ready', async () => {
    if (child.exitCode !== null) throw new Error(`alertmanager ended: ${log}`);
    const answer = await fetch(`${url}/-/ready`).catch(() => undefined);
    return answer?.ok ? true : undefined;
  });
  await ready;
  return {
    url,
    address,
    async post(alerts) {
      const answer = await fetch(`${url}/api/v2/alerts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(alerts),
      });
      if (!answer.ok) throw new Error(`alertmanager: ${answer.status} ${await answer.text()}`);
    },
    async inhibited() {
      const alerts = (await (await fetch(`${url}/api/v2/alerts`)).json()) as {
        labels: Record<string, string>;
        status: { inhibitedBy: string[] };
      }[];
      return alerts
        .filter(({ status }) => status.inhibitedBy.length > 0)
        .map(({ labels }) => labels.alertname ?? '')
        .sort();
    },
    async stop() {
      child.kill('SIGTERM');
      await closed;
    },
  };
}

/** The body of a request, and the path it was posted to. */
export interface Notification {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Webhook {
  readonly url: string;
  readonly received: readonly Notification[];
  stop(): Promise<void>;
}

/** Records every request that is posted to it. */
export async function startWebhook(): Promise<Webhook> {
  const received: Notification[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    received.push({
      path: request.url ?? '',
      body: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>,
    });
    response.end('ok');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Alertmanager does not report the port that it listens on if it chooses one itself. */
async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
