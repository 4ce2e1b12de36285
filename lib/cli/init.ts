/** `tamma-metrics init`: shows the files that set a project up, asks, and writes them. */
import { lstat, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { metricsError } from '../errors.js';
import { type InitFile, initFiles, nextSteps } from './init-files.js';
import { type Project, projectIn } from './init-project.js';
import type { Paint } from './paint.js';

/** The options of the command. */
export interface InitOptions {
  /** The folder of the project. */
  readonly dir: string;
  /** Writes without asking. */
  readonly yes?: boolean;
}

/** The parts of a process that the command uses. */
export interface InitEnvironment {
  readonly paint: Paint;
  readonly say: (text: string) => void;
  /** Asks a question and resolves to the answer; `undefined` if there is no terminal. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
}

/**
 * Never overwrites a file.
 * @throws ERR_METRICS_FILE_EXISTS if a file exists, before anything is written; an Error if there is no package.json
 */
export async function init(
  { dir, yes = false }: InitOptions,
  { paint, say, ask }: InitEnvironment,
): Promise<void> {
  const project = await projectIn(dir);
  const files = initFiles(project);
  await requireNone(dir, files);
  say(`${described(project)} The change:\n`);
  for (const { path, content } of files)
    say(`${paint.green('+')} ${paint.bold(path)}\n\n${content.replace(/^(?=.)/gm, '    ')}`);
  if (!yes && ask === undefined) {
    say('Nothing was written, since there is no terminal to ask on. To write the files: --yes');
    return;
  }
  if (!yes && !/^\s*y(es)?\s*$/i.test((await ask?.('Write these files? [y/N] ')) ?? '')) {
    say('Nothing was written.');
    return;
  }
  for (const { path, content } of files) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    // `wx` fails if the file was created in the meantime.
    await writeFile(join(dir, path), content, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'EEXIST' ? fileExists(path) : error;
    });
  }
  say([`Written: ${files.map(({ path }) => path).join(', ')}`, '', ...nextSteps(project)].join('\n'));
}

async function requireNone(dir: string, files: readonly InitFile[]): Promise<void> {
  for (const { path } of files) {
    // `lstat`: a link to nowhere is a file, too.
    const exists = await lstat(join(dir, path)).then(
      () => true,
      () => false,
    );
    if (exists) throw fileExists(path);
  }
}

function fileExists(path: string): Error {
  return metricsError(
    'ERR_METRICS_FILE_EXISTS',
    `Cannot write \`${path}\`: expected no file there, received an existing one, and nothing is overwritten. Rename or remove it, and run \`tamma-metrics init\` again.`,
  );
}

function described({ framework, isTypeScript, isEsModule, service }: Project): string {
  const name = { koa: 'Koa', nest: 'Nest', node: 'plain Node.js' }[framework];
  const language = isTypeScript ? 'TypeScript' : 'JavaScript';
  return `Found ${name}, ${language}, ${isEsModule ? 'ES modules' : 'CommonJS'}; the service is \`${service}\`.`;
}
