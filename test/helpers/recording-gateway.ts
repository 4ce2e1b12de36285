/** A server in place of a gateway that records its requests, and answers as configured or forwards them to a real one. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

export interface ReceivedPush {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  /** Uncompressed. */
  readonly text: string;
}

export interface RecordingGateway {
  readonly url: string;
  readonly received: readonly ReceivedPush[];
  /** The maximum number of requests in progress at a time. */
  readonly maxAtOnce: number;
  /** Open connections. */
  connections(): Promise<number>;
  close(): Promise<void>;
}

/**
 * @param answer default: 200; a URL forwards to the gateway at that URL
 * @param port default: a free one
 */
export async function startRecordingGateway(
  answer: string | ((response: ServerResponse, push: ReceivedPush) => void) = (response) => response.end(),
  port = 0,
): Promise<RecordingGateway> {
  const received: ReceivedPush[] = [];
  let open = 0;
  let maxAtOnce = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    open += 1;
    maxAtOnce = Math.max(maxAtOnce, open);
    response.on('close', () => {
      open -= 1;
    });
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const bytes = Buffer.concat(chunks);
      const isGzip = request.headers['content-encoding'] === 'gzip';
      const push: ReceivedPush = {
        method: request.method,
        path: request.url,
        headers: request.headers,
        bytes,
        text: (isGzip ? gunzipSync(bytes) : bytes).toString(),
      };
      received.push(push);
      if (typeof answer === 'string') void passOn(answer, push, response);
      else answer(response, push);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    get maxAtOnce() {
      return maxAtOnce;
    },
    connections: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
      ),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function passOn(gateway: string, push: ReceivedPush, response: ServerResponse): Promise<void> {
  const { 'content-type': type = '', 'content-encoding': encoding } = push.headers;
  const answer = await fetch(`${gateway}${push.path}`, {
    method: push.method ?? 'PUT',
    headers: { 'content-type': type, ...(encoding === undefined ? {} : { 'content-encoding': encoding }) },
    body: new Uint8Array(push.bytes),
  });
  response.writeHead(answer.status).end(await answer.text());
}
