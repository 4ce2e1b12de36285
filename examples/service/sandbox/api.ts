/** Shared by the stand-ins: a server on a free port, JSON requests, event streams, and rate limits. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as elapsed } from 'node:timers/promises';
import type { Random } from '../random.js';

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  /** The parsed body; an empty object if there is none. */
  readonly body: Readonly<Record<string, unknown>>;
}

export type Handler = (request: ApiRequest, response: ServerResponse) => Promise<void>;

export interface Api {
  readonly url: string;
  close(): Promise<void>;
}

export async function startApi(handle: Handler): Promise<Api> {
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (chunk) => {
      text += chunk;
    });
    request.on('end', () => {
      const { method = 'GET', url = '/' } = request;
      // Fails if the client has disconnected.
      handle({ method, path: url, body: text === '' ? {} : JSON.parse(text) }, response).catch(() =>
        response.destroy(),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function answer(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** Sends server-sent events, some milliseconds apart. */
export async function stream(
  response: ServerResponse,
  events: readonly { readonly event?: string; readonly data: object | string }[],
  headers: Readonly<Record<string, string>>,
  random: Random,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
  for (const { event, data } of events) {
    await elapsed(random.between(1, 10));
    response.write(
      `${event === undefined ? '' : `event: ${event}\n`}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`,
    );
  }
  response.end();
}

export interface RateLimit {
  /** Counts a request; `false` if the limit is reached. */
  take(): boolean;
  readonly remaining: number;
  readonly resetsAt: Date;
}

export function rateLimit(requests: number, milliseconds: number): RateLimit {
  let remaining = requests;
  let resetsAt = new Date(Date.now() + milliseconds);
  return {
    get remaining() {
      return remaining;
    },
    get resetsAt() {
      return resetsAt;
    },
    take() {
      if (resetsAt.getTime() <= Date.now()) {
        remaining = requests;
        resetsAt = new Date(Date.now() + milliseconds);
      }
      if (remaining === 0) return false;
      remaining -= 1;
      return true;
    },
  };
}
