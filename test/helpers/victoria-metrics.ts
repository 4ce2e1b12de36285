/** A server of VictoriaMetrics on a free port of 127.0.0.1. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface VictoriaServer {
  readonly url: string;
  /** Its log so far. */
  log(): string;
  stop(): Promise<void>;
}

/** @throws an Error with its log if it ends before it listens */
export async function startVictoria(program: string, args: readonly string[]): Promise<VictoriaServer> {
  const child = spawn(program, ['-httpListenAddr=127.0.0.1:0', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const closed = once(child, 'close');
  let log = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      log += chunk;
      const [, address] = /started server at (http:\S+?)\/\n/.exec(log) ?? [];
      if (address !== undefined) resolve(address);
    });
    void closed.then(() => reject(new Error(`${program} ended: ${log}`)));
  });
  return {
    url,
    log: () => log,
    async stop() {
      child.kill('SIGTERM');
      await closed;
    },
  };
}
