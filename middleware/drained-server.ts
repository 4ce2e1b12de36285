/** Closes the servers that `drain` returns: those of node:http, https and HTTP/2, and any that close as they do. */
import type { Server } from 'node:http';
import { repeat, systemClock } from '../lib/clock.js';
import { closedWithin } from './close-server.js';

/** The members of a server that are used. HTTP/2 servers only have `close`. */
export type ClosableServer = Pick<Server, 'close'> &
  Partial<Pick<Server, 'closeIdleConnections' | 'closeAllConnections'>>;

/** Milliseconds between two sweeps of idle connections: Node keeps a connection open after its request is answered. */
const sweepEvery = 50;

/** The servers in the result of `drain`: one, several, or none. */
export function serversIn(returned: unknown): ClosableServer[] {
  return [returned].flat().filter(isServer);
}

/**
 * Closes a server: no new connections are accepted, idle ones are closed, and requests in progress are answered. Connections
 * left after `seconds` are destroyed. Resolves once every connection is closed, even if `close` was called before.
 */
export async function closeServer(server: ClosableServer, seconds: number): Promise<void> {
  const closed = closedWithin(server, seconds, () => server.closeAllConnections?.());
  server.closeIdleConnections?.();
  const stopSweeping = repeat(systemClock, sweepEvery, () => server.closeIdleConnections?.());
  await closed;
  stopSweeping();
}

function isServer(value: unknown): value is ClosableServer {
  return (
    typeof value === 'object' &&
    value !== null &&
    'listening' in value &&
    'close' in value &&
    typeof value.close === 'function'
  );
}
