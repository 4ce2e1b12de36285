import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A port of 127.0.0.1 that is free, for programs that take a port as an argument, or that are restarted on it. It is below the
 * ports that systems give to connections and to servers on port 0, so that none of these takes it in the meantime.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 17_000);
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

/** A port that refuses connections: below 1024, so no system gives it to a server that asks for any port. */
export const refusedPort = 2;
