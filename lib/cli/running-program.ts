/** A child process that ends with this process at the latest. */
import { spawn } from 'node:child_process';
import { setTimeout as elapsed } from 'node:timers/promises';

/** A started program. */
export interface RunningProgram {
  readonly name: string;
  readonly url: string;
  readonly pid: number | undefined;
  /** Resolves when it has ended: how it ended, with the last lines of its output. */
  readonly ended: Promise<string>;
  /** Sends SIGTERM, and SIGKILL if it has not ended after ten seconds. Resolves when it has ended. */
  stop(): Promise<void>;
  /** Sends SIGKILL. */
  kill(): void;
}

/** Number of lines of output in the message of its end. */
const keptLines = 15;
const graceMilliseconds = 10_000;
const pollMilliseconds = 100;

export function startProgram(
  name: string,
  path: string,
  options: readonly string[],
  url: string,
  cwd: string,
): RunningProgram {
  // In its own process group: Ctrl-C goes to this process only, which ends the programs in order.
  const child = spawn(path, options, { cwd, stdio: ['ignore', 'ignore', 'pipe'], detached: true });
  let lines: string[] = [];
  let errors: string[] = [];
  let rest = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    const read = `${rest}${chunk}`.split('\n');
    rest = (read.pop() ?? '').slice(0, 10_000);
    lines = [...lines, ...read].slice(-keptLines);
    errors = [...errors, ...read.filter((line) => /level=error/i.test(line))].slice(-keptLines);
  });
  const kill = (): void => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  };
  // It must not outlive this process, which may end by an error.
  process.once('exit', kill);
  const ended = new Promise<string>((resolve) => {
    child.once('error', ({ message }) => resolve(`${name} cannot be started: ${message}`));
    child.once('close', (code, signal) => {
      process.off('exit', kill);
      const how = signal === null ? `with code ${code}` : `by ${signal}`;
      // Errors first: other lines about the shutdown follow them.
      const output = errors.length > 0 ? errors : lines;
      resolve(`${name} ended ${how}${output.length === 0 ? '' : `; its last output:\n${output.join('\n')}`}`);
    });
  });
  return {
    name,
    url,
    pid: child.pid,
    ended,
    kill,
    async stop() {
      child.kill('SIGTERM');
      const grace = setTimeout(kill, graceMilliseconds);
      await ended;
      clearTimeout(grace);
    },
  };
}

/** Waits until it accepts requests or `signal` is aborted. @throws an Error after the deadline */
export async function untilReady(
  { name, url }: RunningProgram,
  signal: AbortSignal,
  seconds: number,
): Promise<void> {
  const end = performance.now() + seconds * 1_000;
  while (!signal.aborted) {
    const isReady = await fetch(`${url}/-/ready`, { signal }).then(
      async (response) => {
        await response.body?.cancel();
        return response.ok;
      },
      () => false,
    );
    if (isReady) return;
    if (performance.now() > end) throw new Error(`${name} is not ready after ${seconds} s.`);
    await elapsed(pollMilliseconds, undefined, { signal }).catch(() => undefined);
  }
}
