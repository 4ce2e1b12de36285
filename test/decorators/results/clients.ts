/** Clients of a local server, called by a decorated method. */
import { createServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import type { ExecutionContext } from 'ava';
import { until } from '../../helpers/until.js';
import { once, recordedCalls } from './recorded-calls.js';

/** A way to consume the result of an HTTP client or an SDK; `consume` returns what the caller sees. */
export interface Client {
  readonly make: (port: number) => unknown;
  readonly consume: (value: never) => Promise<unknown>;
  readonly sees: unknown;
}

/** Listens on a free port until the test ends. */
export async function listening(t: ExecutionContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** What the server replies. */
export const list = { object: 'list', url: '/v1/customers', has_more: false, data: [{ id: 'a' }] };

/** The client works as without decorators, and its call is recorded once. */
export async function worksOnce(t: ExecutionContext, { make, consume, sees }: Client): Promise<void> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(list));
  });
  const port = await listening(t, server);
  const { api, recorded } = recordedCalls();
  t.deepEqual(await consume(api.run(() => make(port)) as never), sees);
  t.deepEqual(await until('the end', async () => (recorded().running === 0 ? recorded() : undefined)), once);
}
