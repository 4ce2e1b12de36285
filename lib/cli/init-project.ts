/** What `tamma-metrics init` finds out about a project: its framework, its language and its module system. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A project, as far as the files that are written depend on it. */
export interface Project {
  readonly framework: 'koa' | 'nest' | 'node';
  readonly isTypeScript: boolean;
  readonly isEsModule: boolean;
  /** `m` or `c` if the module system follows from file names (`.mjs`, `.cts`), empty if from `type` of package.json. */
  readonly extensionStart: '' | 'm' | 'c';
  /** Folder of the sources, from the root of the project, with a slash at the end. Empty if that is the root. */
  readonly sources: '' | 'src/';
  /** Name of the service. */
  readonly service: string;
  /** Packages that package.json does not have and the written files need. */
  readonly missing: readonly string[];
}

/** @throws an Error if the folder has no package.json that can be read */
export async function projectIn(folder: string): Promise<Project> {
  const { name, type, ...manifest } = await manifestIn(folder);
  const packages = new Set(
    [manifest.dependencies, manifest.devDependencies].flatMap((group) => Object.keys(group ?? {})),
  );
  const sources = existsSync(join(folder, 'src')) ? 'src/' : '';
  const isTypeScript = packages.has('typescript') || existsSync(join(folder, 'tsconfig.json'));
  const isModuleByType = type === 'module';
  const named = await namedModules(join(folder, sources));
  const isEsModule = named === undefined ? isModuleByType : named === 'm';
  const unscoped = /^(?:@[^/]+\/)?([\w.-]+)$/.exec(String(name))?.[1];
  return {
    framework: packages.has('@nestjs/core') ? 'nest' : packages.has('koa') ? 'koa' : 'node',
    isTypeScript,
    isEsModule,
    extensionStart: isEsModule === isModuleByType ? '' : isEsModule ? 'm' : 'c',
    sources,
    service: unscoped ?? 'my-service',
    missing: ['@tamma/observability', 'prom-client'].filter((needed) => !packages.has(needed)),
  };
}

interface Manifest {
  readonly name?: unknown;
  readonly type?: unknown;
  readonly dependencies?: object;
  readonly devDependencies?: object;
}

async function manifestIn(folder: string): Promise<Manifest> {
  const file = join(folder, 'package.json');
  try {
    const manifest: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof manifest === 'object' && manifest !== null) return manifest;
    throw new Error('it is not an object');
  } catch (error) {
    throw new Error(
      `Cannot read \`${file}\`: expected the package.json of a project: ${(error as Error).message}. Run the command in the folder of the project, give it with --dir, or create one: npm init`,
      { cause: error },
    );
  }
}

/** `m` or `c` if all sources have names such as `main.mjs` or `main.cts`; files of tools (`x.config.mjs`) do not count. */
async function namedModules(folder: string): Promise<'m' | 'c' | undefined> {
  const starts = new Set(
    (await readdir(folder))
      .filter((name) => !/\.config\.|^\.|\.d\.[cm]?ts$/.test(name))
      .flatMap((name) => /\.([cm]?)[jt]s$/.exec(name)?.[1] ?? []),
  );
  const [only] = starts;
  return starts.size === 1 && (only === 'm' || only === 'c') ? only : undefined;
}
