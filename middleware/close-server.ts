/** The end of a server: answers that are in progress are sent, and nothing else is waited for. */
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { systemClock } from '../lib/clock.js';

/**
 * Prepares a server so that it can be closed at once.
 * @returns closes it: no further request is answered, also not on connections that are kept alive; connections end when the
 *   last answer is sent, or after the deadline
 */
export function closable(server: Server): (deadlineSeconds: number) => Promise<void> {
  const sockets = new Set<Socket>();
  /** Below TLS: connections of `sockets`, and those that have not finished their handshake. */
  const handshakes = new Set<Socket>();
  const inProgress = new Set<ServerResponse>();
  let isClosing = false;
  const endIfDone = (): void => {
    if (!isClosing || inProgress.size > 0) return;
    // Not `destroy`: what the last answer has written may not have left yet.
    for (const socket of sockets) socket.destroySoon();
    if (sockets.size === 0) for (const socket of handshakes) socket.destroy();
  };

  const track = (set: Set<Socket>, event: string): void => {
    server.on(event, (socket: Socket) => {
      set.add(socket);
      socket.once('close', () => {
        set.delete(socket);
        // Responses that wait behind another in a pipeline do not report that their connection has gone.
        for (const response of inProgress) if (response.req.socket === socket) inProgress.delete(response);
        endIfDone();
      });
    });
  };
  // Loaded where a server is closed: it is a tenth of what loading the package costs.
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
    // Without a listener a request gets no answer; its connection ends with the others.
    server.removeAllListeners('request');
    for (const response of inProgress) response.shouldKeepAlive = false;
    server.closeIdleConnections();
    endIfDone();
    return closed;
  };
}

/**
 * Closes a server to new connections. Resolves once every connection is closed, also where it has been closed already.
 * @param cutOff ends what is left after so many seconds
 */
export function closedWithin(
  server: Pick<Server, 'close'>,
  seconds: number,
  cutOff: () => void,
): Promise<void> {
  return new Promise((resolve) => {
    const timer = systemClock.setTimeout(cutOff, seconds * 1_000);
    // Called back with an error where it is closed already, and then too only once its connections are.
    server.close(() => {
      systemClock.clearTimeout(timer);
      resolve();
    });
  });
}
