/** A Koa app on 127.0.0.1, on a free port. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface KoaServer {
  readonly url: string;
  readonly server: Server;
  close(): Promise<void>;
}

/** What is needed of a Koa app, whatever its version and the types of its context. */
interface App {
  silent: boolean;
  callback(): RequestListener;
}

export async function serve(app: App): Promise<KoaServer> {
  // Errors that a test provokes are for the client to see, not for the log.
  app.silent = true;
  const server = createServer(app.callback());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
