/** An example as its README starts it: a process, with the environment variables of the test. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { ExecutionContext } from 'ava';
import { bundled, fromRoot } from './package-root.js';

export interface ExampleProcess {
  readonly pid: number | undefined;
  /** Resolves to the match once the output matches. Rejects if the process ends before. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  /** Sends a signal, or waits for the end by itself. Resolves to the exit code, or to the signal that ended the process. */
  ended(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

/** Environment variables of an example that a test might inherit. */
const ownVariables = /^(METRICS_|PORT$|SERVICE_NAME$|APP_VERSION$|NODE_ENV$|NODE_OPTIONS$)/;

/** @param args of Node; by default the compiled program */
export function startExample(
  t: ExecutionContext,
  name: string,
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = [bundled(`examples/${name}/main.ts`)],
): ExampleProcess {
  const inherited = Object.entries(process.env).filter(([key]) => !ownVariables.test(key));
  const child = spawn(process.execPath, args, {
    cwd: fromRoot(''),
    env: { ...Object.fromEntries(inherited), PORT: '0', METRICS_ENDPOINT: '127.0.0.1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let look = (): void => {};
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output += chunk;
      look();
    });
  const end = once(child, 'close').then(([code, signal]) => {
    look();
    return (signal ?? code) as number | NodeJS.Signals | null;
  });
  t.teardown(async () => {
    child.kill('SIGKILL');
    await end;
  });
  return {
    pid: child.pid,
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        look = () => {
          const match = pattern.exec(output);
          if (match !== null) resolve(match);
          else if (child.exitCode !== null) reject(new Error(`${name} ended: ${output}`));
        };
        look();
      }),
    ended: (signal) => {
      if (signal !== undefined) child.kill(signal);
      return end;
    },
  };
}

/** The lines of output that the README of an example shows. */
async function shownLines(name: string): Promise<string[]> {
  const readme = await readFile(fromRoot(`examples/${name}/README.md`), 'utf8');
  const lines = [...readme.matchAll(/^```text\n(.*?)^```$/gms)].flatMap(([, block = '']) =>
    block.split('\n'),
  );
  return lines.map((line) => line.trim()).filter((line) => line !== '');
}

/** Asserts that the output has the lines that the README of the example shows. */
export async function hasShownLines(t: ExecutionContext, name: string, output: string): Promise<void> {
  const shown = await shownLines(name);
  const lines = new Set(output.split('\n').map((line) => line.trim()));
  t.true(shown.length > 1, `${name} shows its output`);
  t.deepEqual(
    shown.filter((line) => !lines.has(line)),
    [],
    output,
  );
}
