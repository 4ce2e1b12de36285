/** A program that runs beside us, and not longer than us. */
import { spawn } from 'node:child_process';
import { setTimeout as elapsed } from 'node:timers/promises';

export interface RunningProgram {
  readonly name: string;
  readonly url: string;
  readonly pid: number | undefined;
  /** How it ended, with the last lines it said. */
  readonly ended: Promise<string>;
  /** Asks it to end, and makes it where it does not. */
  stop(): Promise<void>;
  /** Ends it at once. */
  kill(): void;
}

/** What it said last, for the message of its end. */
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
  // A group of its own: Ctrl-C is for us, and we end it in order.
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
  // Whatever ends us, an error for instance, ends it too.
  process.once('exit', kill);
  const ended = new Promise<string>((resolve) => {
    child.once('error', ({ message }) => resolve(`${name} cannot be started: ${message}`));
    child.once('close', (code, signal) => {
      process.off('exit', kill);
      const how = signal === null ? `with code ${code}` : `by ${signal}`;
      // What went wrong stands among what it says of its end.
      const said = errors.length > 0 ? errors : lines;
      resolve(`${name} ended ${how}${said.length === 0 ? '' : `; it said last:\n${said.join('\n')}`}`);
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

/** Waits until it takes requests. @throws an Error past the deadline; nothing where `signal` is aborted */
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
