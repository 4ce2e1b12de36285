/** A real Prometheus, server or agent, started by the command that a document shows. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { prometheusAddress } from './prometheus-address.js';

/** A line `VARIABLE=value prometheus --flag=value … &` of a document. */
export interface DocumentedCommand {
  readonly env: Readonly<Record<string, string>>;
  readonly flags: readonly string[];
}

/** The commands of a document that start a Prometheus, in order. */
export function documentedCommands(text: string): DocumentedCommand[] {
  return [...text.matchAll(/^ {4}((?:[A-Z]+=\S+ )*)prometheus (.+?)(?: &)?$/gm)].map(
    ([, variables = '', flags = '']) => ({
      env: Object.fromEntries(
        variables
          .trim()
          .split(' ')
          .filter((variable) => variable !== '')
          .map((variable) => variable.split('=') as [string, string]),
      ),
      flags: flags.split(' '),
    }),
  );
}

export interface RunningPrometheus {
  readonly url: string;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Runs the command in a folder and waits until Prometheus is ready. @throws an Error with its log if it ends before */
export async function startDocumented(
  program: string,
  { env, flags }: DocumentedCommand,
  folder: string,
): Promise<RunningPrometheus> {
  const child = spawn(program, flags, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const closed = once(child, 'close');
  return { url: await prometheusAddress(child, closed), stop };

  async function stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    child.kill(signal);
    await closed;
  }
}
