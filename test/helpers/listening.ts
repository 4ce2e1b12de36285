/**
 * Whether a server of this process listens on the port of a URL. A request would not show it: after a server has closed, another
 * process, with other tests, may listen on its port.
 */
import { Server } from 'node:net';

export function isListening(url: string | undefined): boolean {
  const port = Number(new URL(String(url)).port);
  // There is no documented function that lists servers.
  const { _getActiveHandles: activeHandles } = process as unknown as { _getActiveHandles(): unknown[] };
  return activeHandles.call(process).some((handle) => {
    const address = handle instanceof Server ? handle.address() : null;
    return typeof address === 'object' && address?.port === port;
  });
}
