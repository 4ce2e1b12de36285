/** A Koa app on 127.0.0.1, on a free port. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface KoaServer {
  readonly url: string;
  readonly server: Server;
  close(): Promise<void>;
}

/** The part of a Koa app that is used, for any version and type of context. */
interface App {
  silent: boolean;
  callback(): RequestListener;
}

export async function serve(app: App): Promise<KoaServer> {
  // Errors that a test provokes are not logged.
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
