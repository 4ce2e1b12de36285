/** Processes of their own, for what must not share a heap or an event loop with the bench. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { compiled } from '../helpers/package-root.js';

/**
 * Runs a script of this folder and gives what it sends.
 * @throws an Error when it ends without having sent anything
 */
export async function resultOf<T>(script: string, args: readonly string[] = []): Promise<T> {
  const child = fork(compiled(`test/bench/${script}`), [...args], {
    execArgv: ['--expose-gc'],
  });
  try {
    const [sent] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => {
        throw new Error(`${script} ${args.join(' ')} ended with ${code} and no result`);
      }),
    ])) as [T];
    return sent;
  } finally {
    child.kill();
  }
}

/** Sends the result to whoever forked this process. */
export function sendResult(result: unknown): void {
  process.send?.(result);
}

/** Bytes on the heap and beside it that are still in use. */
export function liveBytes(): number {
  for (let time = 0; time < 5; time++) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
