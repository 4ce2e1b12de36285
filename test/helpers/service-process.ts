/** The example service as its users run it: a process on a free port. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { bundled, fromRoot } from './package-root.js';

export interface ServiceProcess {
  readonly url: string;
  readonly process: ChildProcess;
  /** Ends the service. Resolves to the signal that killed it, or to its exit code. */
  stop(signal?: NodeJS.Signals): Promise<NodeJS.Signals | number | null>;
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly killedBy: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Environment variables of the service that a test might inherit. */
const ownVariables =
  /^(METRICS_|ANTHROPIC_|OPENAI_|AI$|REPLAY|PORT$|HOST$|SEED$|SANDBOX$|WEBHOOK_SECRET$|SERVICE_NAME$|APP_VERSION$)/;

/** Starts the service and waits until it prints its address. */
export async function startServiceProcess(
  env: Readonly<Record<string, string>> = {},
): Promise<ServiceProcess> {
  const child = spawned(env);
  const ended = end(child);
  const url = await new Promise<string>((resolve, reject) => {
    let stdout = '';
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
      const found = /^A small Tamma on (http:\S+)$/m.exec(stdout)?.[1];
      if (found !== undefined && stdout.includes('Ctrl-C')) resolve(found);
    });
    void ended.then(({ code, stderr }) =>
      reject(new Error(`the service ended with code ${code}: ${stderr}`)),
    );
  });
  return {
    url,
    process: child,
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      const { code, killedBy } = await ended;
      return killedBy ?? code;
    },
  };
}

/** Runs a service that is expected to exit. */
export function serviceEnd(env: Readonly<Record<string, string>>): Promise<ProcessEnd> {
  return end(spawned(env));
}

function spawned(env: Readonly<Record<string, string>>): ChildProcess {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !ownVariables.test(name)),
  );
  return spawn(process.execPath, [bundled('examples/service/main.ts')], {
    cwd: fromRoot(''),
    env: { ...inherited, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function end(child: ChildProcess): Promise<ProcessEnd> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code, killedBy] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, killedBy, stdout, stderr };
}
