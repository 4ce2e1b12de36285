/** Ports on the loopback address. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

export const localHost = '127.0.0.1';

/**
 * Finds a free port.
 * @param given the value of the option: 0 for any port; `undefined` for the usual port, or any if that is in use
 * @throws an Error that names the option if the given port is in use
 */
export async function choosePort(option: string, given: number | undefined, usual: number): Promise<number> {
  if (given === 0) return listen(0);
  if (given === undefined) return listen(usual).catch(() => listen(0));
  try {
    return await listen(given);
  } catch (error) {
    throw new Error(
      `Cannot listen on \`${localHost}:${given}\`: expected a free port, received ${(error as Error).message}; use another ${option}, or 0 for any.`,
    );
  }
}

async function listen(port: number): Promise<number> {
  const server = createServer().listen(port, localHost);
  await once(server, 'listening');
  const { port: taken } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return taken;
}
