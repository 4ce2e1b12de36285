/** A stranger in an empty folder, who has the packed package and README: fewer than 20 commands to a scraped metric, in each kind of project. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { freePort } from '../helpers/free-port.js';
import { requireFreshBuild } from '../helpers/fresh-build.js';
import { fromRoot } from '../helpers/package-root.js';
import { runProgram } from '../helpers/run-program.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { until } from '../helpers/until.js';
import { npmPack } from '../matrix/npm.js';

const readme = readFileSync(fromRoot('README.md'), 'utf8');
const fewCommands = 20;

/** The only match in README. */
function inReadme(pattern: RegExp): string {
  const [found, ...others] = [...readme.matchAll(pattern)];
  if (found === undefined || others.length > 0)
    throw new Error(`README matches ${pattern} ${others.length} times`);
  return found[1] ?? found[0];
}

const install = {
  withKoa: inReadme(/^ {4}(npm install @tamma\/observability prom-client koa .*)$/gm),
  types: inReadme(/^ {4}(npm install --save-dev @types\/koa)$/gm),
  module: inReadme(/^ {4}(npm init -y && npm pkg set type=module)$/gm),
  tsx: inReadme(/^ {4}(npm install --save-dev tsx && npx tsx main\.ts)$/gm),
};
const alone = install.withKoa.replace(' koa @koa/router', '');
const samples = {
  typescript: inReadme(/^```ts\n(.*?)^```/gms),
  javascript: inReadme(/^```js\n(import .*?)^```/gms),
  jest: inReadme(/^```js\n(const .*?)^```/gms),
};
const commonJs = samples.javascript.replaceAll(/^import (.*) from (.*);$/gm, 'const $1 = require($2);');

/** The lines that README shows of the scrape of its sample. */
const shownLines = inReadme(/^```text\n(.*?)^```/gms)
  .trim()
  .split('\n');

/** What an existing Nest application has: a module, a controller and the program. README adds the rest. */
const nestApplication = {
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      module: 'commonjs',
      target: 'ES2022',
      outDir: 'out',
      strict: true,
      types: ['node'],
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    },
  }),
  'app.module.ts': `${samples.typescript.match(/^import .*(?:observability'|decorators');$/gm)?.join('\n')}
import { Controller, Get, Injectable, Module, Param } from '@nestjs/common';
${samples.typescript.match(/^const (?:outcomes|greetings) .*$/gm)?.join('\n')}

@Injectable()
${samples.typescript.match(/^class Greeter \{.*?^\}/ms)?.[0]}

@Controller()
class GreetController {
  constructor(private readonly greeter: Greeter) {}
  @Get(':language')
  greet(@Param('language') language: string): Promise<string> { return this.greeter.greet(language); }
}

@Module({ controllers: [GreetController], providers: [Greeter] })
export class AppModule {}
`,
  'main.ts': `import { NestFactory } from '@nestjs/core';
import { createMetricsHandler } from '@tamma/observability/middleware';
import { AppModule } from './app.module';

async function bootstrap(): Promise<void> {
  const app = await ${inReadme(/`(NestFactory\.create\(AppModule\))`/g)};
  ${inReadme(/`(app\.use\(createMetricsHandler\(\)\);)`/g)}
  await app.listen(3000);
}
void bootstrap();
`,
};

interface Stranger {
  readonly title: string;
  /** The last one starts the service, or runs the tests. */
  readonly commands: readonly string[];
  /** Path -> content. */
  readonly files: Readonly<Record<string, string>>;
  /** Paths that are requested, one after the other; none if the commands scrape. */
  readonly requests: readonly string[];
  /** Lines that the scrape has then. */
  readonly scraped: readonly string[];
}

const greetings = ['/en', '/en', '/xx'];
const ordered = ['# TYPE orders_total counter', 'orders_total{outcome="success"} 2'];
const typescript = [install.module, install.withKoa, install.types, ...install.tsx.split(' && ')];

const strangers: readonly Stranger[] = [
  {
    title: 'TypeScript with standard decorators',
    commands: typescript,
    files: { 'main.ts': samples.typescript },
    requests: greetings,
    scraped: shownLines,
  },
  {
    title: 'TypeScript with legacy decorators',
    commands: typescript,
    files: {
      'main.ts': samples.typescript,
      'tsconfig.json': '{ "compilerOptions": { "experimentalDecorators": true } }',
    },
    requests: greetings,
    scraped: shownLines,
  },
  {
    title: 'JavaScript',
    commands: ['npm init -y', alone, inReadme(/`(node main\.mjs)`/g)],
    files: { 'main.mjs': samples.javascript },
    requests: ['/', '/'],
    scraped: ordered,
  },
  {
    title: 'CommonJS',
    commands: ['npm init -y', alone, 'node main.cjs'],
    files: { 'main.cjs': commonJs },
    requests: ['/', '/'],
    scraped: ordered,
  },
  {
    title: 'Nest',
    commands: [
      'npm init -y',
      'npm install @nestjs/common@11 @nestjs/core@11 @nestjs/platform-express@11 reflect-metadata rxjs',
      'npm install --save-dev typescript@5.9 @types/node@20',
      alone,
      'npx tsc',
      'node out/main.js',
    ],
    files: nestApplication,
    requests: greetings,
    scraped: shownLines,
  },
  {
    title: 'Jest',
    commands: [
      'npm init -y',
      alone,
      'npm install --save-dev jest@30',
      inReadme(/`(npx jest orders\.test\.js)`/g),
    ],
    files: { 'orders.test.js': samples.jest },
    requests: [],
    scraped: [],
  },
];

let packed = '';
let tarball = '';

test.before(async () => {
  await requireFreshBuild();
  packed = await mkdtemp(join(tmpdir(), 'tamma-packed-'));
  tarball = join(packed, await npmPack(packed));
});
test.after.always(() => rm(packed, { recursive: true, force: true }));

for (const { title, commands, files, requests, scraped } of strangers) {
  test(`${title}: README leads from an empty folder to a scraped metric in fewer than 20 commands`, async (t) => {
    // With the requests and the scrape.
    const count = commands.flatMap((command) => command.split(' && ')).length + requests.length + 1;
    t.true(count < fewCommands, `${count} commands`);
    const folder = await temporaryFolder(t);
    const port = await freePort();
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(
        join(folder, path),
        content.replaceAll(/listen\(3000\)/g, `listen(${port}, '127.0.0.1')`),
      );
    }
    const own = commands.map((command) => command.replace('@tamma/observability', tarball));
    const last = requests.length === 0 ? own.length : own.length - 1;
    for (const command of own.slice(0, last)) {
      const { code, output } = await runProgram('sh', ['-c', command], { cwd: folder, env: environment });
      t.is(code, 0, `${command}\n${output}`);
    }
    if (requests.length === 0) return;
    start(t, own[last] ?? '', folder);
    const get = async (path: string): Promise<string> =>
      (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    await until(`${title} listens`, () => get('/metrics').catch(() => undefined));
    for (const path of requests) await get(path);
    const lines = (await get('/metrics')).split('\n');
    t.deepEqual(
      scraped.filter((line) => !lines.includes(line)),
      [],
      lines.join('\n'),
    );
  });
}

/** Without the variables of npm that ran this test. */
const environment: NodeJS.ProcessEnv = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(package|lifecycle)/.test(name)),
  ),
  NODE_OPTIONS: '',
  npm_config_prefer_offline: 'true',
};

/** In a process group of its own, because `npx` starts another process. Its output is shown if the test fails. */
function start(t: ExecutionContext, command: string, cwd: string): void {
  const child = spawn('sh', ['-c', command], { cwd, env: environment, detached: true });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk;
    });
  t.teardown(async () => {
    if (!t.passed) console.log(output);
    if (child.pid === undefined || child.exitCode !== null) return;
    process.kill(-child.pid, 'SIGKILL');
    await once(child, 'close');
  });
}
