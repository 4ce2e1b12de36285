/** Ports of this machine's own address. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

export const localHost = '127.0.0.1';

/**
 * A port that is free now.
 * @param given 0 takes any free one; without it the usual one, or any where that is taken
 * @throws an Error where a given one is taken, which names the option
 */
export async function choosePort(option: string, given: number | undefined, usual: number): Promise<number> {
  if (given === 0) return listen(0);
  if (given === undefined) return listen(usual).catch(() => listen(0));
  try {
    return await listen(given);
  } catch (error) {
    throw new Error(
      `Cannot listen on \`${localHost}:${given}\`: expected a free port, received ${(error as Error).message}; give another ${option}, 0 for any.`,
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
