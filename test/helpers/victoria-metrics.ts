/** A server of VictoriaMetrics on 127.0.0.1, on a port of its own choice; ended by its pid. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface VictoriaServer {
  readonly url: string;
  /** What it has logged so far. */
  log(): string;
  stop(): Promise<void>;
}

/** @throws with its log, if it ends before it listens */
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
