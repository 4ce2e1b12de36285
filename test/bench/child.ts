/** Child processes, for measurements that must not share a heap or an event loop with the benchmark. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { compiled } from '../helpers/package-root.js';

/**
 * Runs a script of this folder.
 * @returns the message that it sends
 * @throws an Error if it exits without sending one
 */
export async function resultOf<T>(script: string, args: readonly string[] = []): Promise<T> {
  const child = fork(compiled(`test/bench/${script}`), [...args], {
    execArgv: ['--expose-gc'],
  });
  try {
    return await nextMessage<T>(child, [script, ...args].join(' '));
  } finally {
    child.kill();
  }
}

/**
 * The next message of a process.
 * @param program what the error calls it
 * @throws an Error if the process exits without sending one
 */
export async function nextMessage<T>(child: ChildProcess, program: string): Promise<T> {
  const settled = new AbortController();
  try {
    const [sent] = (await Promise.race([
      once(child, 'message', settled),
      // Its exit may be reported before its last message, but `close` follows the end of the channel.
      once(child, 'close', settled).then(([code]) => {
        throw new Error(`${program} exited with ${code} and sent no result`);
      }),
    ])) as [T];
    return sent;
  } finally {
    // The next call must not find listeners of this one.
    settled.abort();
  }
}

/** Sends the result to the parent process. */
export function sendResult(result: unknown): void {
  process.send?.(result);
}

/** Bytes in use after garbage collection, on and off the heap. */
export function liveBytes(): number {
  for (let time = 0; time < 5; time++) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
