/** Closes a server: responses in progress are sent, and nothing else is waited for. */
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { systemClock } from '../lib/clock.js';

/**
 * Prepares a server so that it can be closed quickly.
 * @returns closes it: no further request is answered, also not on keep-alive connections; connections end when the last
 *   response is sent, or after the deadline
 */
export function closable(server: Server): (deadlineSeconds: number) => Promise<void> {
  const sockets = new Set<Socket>();
  /** The TCP connections below TLS, including those that have not finished their handshake. */
  const handshakes = new Set<Socket>();
  const inProgress = new Set<ServerResponse>();
  let isClosing = false;
  const endIfDone = (): void => {
    if (!isClosing || inProgress.size > 0) return;
    // Not `destroy`: the last bytes may not have been sent yet.
    for (const socket of sockets) socket.destroySoon();
    if (sockets.size === 0) for (const socket of handshakes) socket.destroy();
  };

  const track = (set: Set<Socket>, event: string): void => {
    server.on(event, (socket: Socket) => {
      set.add(socket);
      socket.once('close', () => {
        set.delete(socket);
        // Pipelined responses that wait behind another one do not emit `close` with their connection.
        for (const response of inProgress) if (response.req.socket === socket) inProgress.delete(response);
        endIfDone();
      });
    });
  };
  // Loaded only here, since node:tls takes a tenth of the time that loading the package takes.
  const isTls = server instanceof process.getBuiltinModule('node:tls').Server;
  track(sockets, isTls ? 'secureConnection' : 'connection');
  if (isTls) track(handshakes, 'connection');
  server.prependListener('request', (_request, response: ServerResponse) => {
    inProgress.add(response);
    response.once('close', () => {
      inProgress.delete(response);
      endIfDone();
    });
  });

  return (deadlineSeconds) => {
    isClosing = true;
    const closed = closedWithin(server, deadlineSeconds, () => {
      for (const socket of [...sockets, ...handshakes]) socket.destroy();
    });
    // Without a listener, further requests are not answered; their connections end with the others.
    server.removeAllListeners('request');
    for (const response of inProgress) response.shouldKeepAlive = false;
    server.closeIdleConnections();
    endIfDone();
    return closed;
  };
}

/**
 * Closes a server to new connections. Resolves once every connection is closed, even if the server was closed already.
 * @param seconds after which `cutOff` is called
 * @param cutOff ends the remaining connections
 */
export function closedWithin(
  server: Pick<Server, 'close'>,
  seconds: number,
  cutOff: () => void,
): Promise<void> {
  return new Promise((resolve) => {
    const timer = systemClock.setTimeout(cutOff, seconds * 1_000);
    // If the server is closed already, the callback gets an error, but also only once its connections are closed.
    server.close(() => {
      systemClock.clearTimeout(timer);
      resolve();
    });
  });
}
