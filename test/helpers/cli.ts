/** `tamma-metrics` in its own process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { bundled } from './package-root.js';

export interface CliEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliProcess {
  readonly process: ChildProcess;
  /** Its output so far. */
  output(): string;
  readonly ended: Promise<CliEnd>;
}

/** Environment variables of the service that a test might inherit. */
const ownVariables = /^(METRICS_|SERVICE_NAME$|APP_VERSION$|NODE_ENV$|FORCE_COLOR$)/;

export function startCli(args: readonly string[], env: Readonly<Record<string, string>> = {}): CliProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !ownVariables.test(name));
  const child = spawn(process.execPath, [bundled('lib/cli/tamma-metrics.mts'), ...args], {
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return { process: child, output: () => stdout, ended };
}

export function cli(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliEnd> {
  return startCli(args, env).ended;
}
