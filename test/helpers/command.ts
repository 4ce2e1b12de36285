/** `tamma-metrics` in the test's own process: the same arguments, output and exit code, without starting Node. */
import { runCommand } from '../../lib/cli/command.js';
import { startWatchServer } from '../../middleware/dashboard/watch-server.js';

/** The parts of a process that the command uses, with an empty environment. */
export const surroundings = {
  env: {},
  importModule: (url: string) => import(url),
  servePage: startWatchServer,
};

export interface CommandEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandInput {
  /** The content of standard input. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export async function command(
  args: readonly string[],
  { input = '', env = {} }: CommandInput = {},
): Promise<CommandEnd> {
  const written = { stdout: '', stderr: '' };
  const output = (name: keyof typeof written) => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const code = await runCommand(args, {
    ...surroundings,
    env,
    stdin: new Blob([input]).stream(),
    stdout: output('stdout'),
    stderr: output('stderr'),
  });
  return { code, ...written };
}
