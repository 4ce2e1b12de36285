/** The end of servers that `drain` returns: of node:http and https, HTTP/2, and whatever closes as they do. */
import type { Server } from 'node:http';
import { repeat, systemClock } from '../lib/clock.js';
import { closedWithin } from './close-server.js';

/** What is needed of a server. HTTP/2 servers have the first alone. */
export type ClosableServer = Pick<Server, 'close'> &
  Partial<Pick<Server, 'closeIdleConnections' | 'closeAllConnections'>>;

/** Milliseconds between two looks for connections whose request has been answered: Node keeps those for the next one. */
const lookEvery = 50;

/** The servers among what `drain` returned: one, several, or none. */
export function serversIn(returned: unknown): ClosableServer[] {
  return [returned].flat().filter(isServer);
}

/**
 * Closes a server: no new connections, idle ones closed, requests in progress answered. What is left after so many seconds is
 * cut off. Resolves once every connection is closed, also where someone else has called `close` already.
 */
export async function closeServer(server: ClosableServer, seconds: number): Promise<void> {
  const closed = closedWithin(server, seconds, () => server.closeAllConnections?.());
  server.closeIdleConnections?.();
  const stopLooking = repeat(systemClock, lookEvery, () => server.closeIdleConnections?.());
  await closed;
  stopLooking();
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
