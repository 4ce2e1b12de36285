/** Runs a program until it exits, and returns its output. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface ProgramEnd {
  readonly code: number | null;
  /** Standard output and standard error, interleaved. */
  readonly output: string;
}

export async function runProgram(
  program: string,
  args: readonly string[],
  { cwd, env }: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<ProgramEnd> {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const take = (chunk: Buffer): void => {
    output += chunk;
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}
