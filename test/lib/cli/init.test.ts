/** `tamma-metrics init` in new projects: what it finds, shows and writes, and that the written files run. */
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { runCommand } from '../../../lib/cli/command.js';
import { initFiles } from '../../../lib/cli/init-files.js';
import { projectIn } from '../../../lib/cli/init-project.js';
import { cli } from '../../helpers/cli.js';
import { type CommandEnd, command, surroundings } from '../../helpers/command.js';
import { requireFreshBuild } from '../../helpers/fresh-build.js';
import { fromRoot } from '../../helpers/package-root.js';
import { runProgram } from '../../helpers/run-program.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

/** A project with these files. */
async function project(
  t: ExecutionContext,
  manifest: object,
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  const folder = await temporaryFolder(t);
  for (const [path, content] of Object.entries({ 'package.json': JSON.stringify(manifest), ...files })) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

/** The command on a terminal, on which the user types `answer`. */
async function onTerminal(folder: string, answer: string): Promise<CommandEnd> {
  const written = { stdout: '', stderr: '' };
  const output = (name: keyof typeof written) => ({
    isTTY: true,
    write: (text: string) => {
      written[name] += text;
    },
  });
  const code = await runCommand(['init', '--dir', folder], {
    ...surroundings,
    env: { NO_COLOR: '1' },
    stdin: Object.assign(new Blob([answer]).stream(), { isTTY: true }),
    stdout: output('stdout'),
    stderr: output('stderr'),
  });
  return { code, ...written };
}

const koa = { dependencies: { koa: '3' } };
const nest = { dependencies: { '@nestjs/core': '12', koa: '3' } };
const typescript = { devDependencies: { typescript: '7' } };
const esModule = { type: 'module' };

for (const [name, manifest, files, found, paths] of [
  [
    'Koa, JavaScript, `type: module`',
    { ...koa, ...esModule },
    {},
    'Koa, JavaScript, ES modules',
    ['metrics.js', 'bundle.config.mjs'],
  ],
  ['Koa, JavaScript, no `type`', koa, {}, 'Koa, JavaScript, CommonJS', ['metrics.js', 'bundle.config.mjs']],
  [
    'Koa, JavaScript, `.mjs` files',
    koa,
    { 'main.mjs': '' },
    'Koa, JavaScript, ES modules',
    ['metrics.mjs', 'bundle.config.mjs'],
  ],
  [
    'Koa, TypeScript, `type: module`, src',
    { ...koa, ...typescript, ...esModule },
    { 'src/main.ts': '' },
    'Koa, TypeScript, ES modules',
    ['src/metrics.ts', 'bundle.config.mts'],
  ],
  [
    'Nest, TypeScript, no `type`, src',
    { ...nest, ...typescript },
    { 'src/main.ts': '' },
    'Nest, TypeScript, CommonJS',
    ['src/metrics.ts', 'bundle.config.mts'],
  ],
  [
    'Nest, TypeScript by tsconfig.json, `type: module`',
    { ...nest, ...esModule },
    { 'tsconfig.json': '{}' },
    'Nest, TypeScript, ES modules',
    ['metrics.ts', 'bundle.config.mts'],
  ],
  [
    'plain Node, JavaScript, `type: module`, `.cjs` files',
    esModule,
    { 'main.cjs': '', 'eslint.config.js': '' },
    'plain Node.js, JavaScript, CommonJS',
    ['metrics.cjs', 'bundle.config.mjs'],
  ],
  [
    'plain Node, TypeScript, `.mts` files',
    typescript,
    { 'main.mts': '' },
    'plain Node.js, TypeScript, ES modules',
    ['metrics.mts', 'bundle.config.mts'],
  ],
  [
    'plain Node, JavaScript, mixed names',
    {},
    { 'a.mjs': '', 'b.cjs': '', 'src/index.js': '' },
    'plain Node.js, JavaScript, CommonJS',
    ['src/metrics.js', 'bundle.config.mjs'],
  ],
] as const) {
  test(`init finds ${name}, and writes ${paths.join(' and ')}`, async (t) => {
    const folder = await project(t, { name: '@acme/shop', ...manifest }, files);
    const { code, stdout, stderr } = await command(['init', '--dir', folder, '--yes']);
    t.is(stderr, '');
    t.is(code, 0);
    t.true(stdout.startsWith(`Found ${found}; the service is \`shop\`.`), stdout);
    for (const path of paths) {
      const content = await readFile(join(folder, path), 'utf8');
      t.true(stdout.includes(content.replace(/^(?=.)/gm, '    ')), 'the output has the complete file');
    }
    t.true(stdout.includes(`Written: ${paths.join(', ')}\n`));
    t.true(stdout.includes('npm install @tamma/observability prom-client'));
  });
}

for (const [name, manifest, lines] of [
  [
    'a Koa application of ES modules',
    { ...koa, ...esModule },
    [
      "import { metrics, startMetrics } from './metrics.js';",
      'app.use(metrics.requestMetrics());       // before all other middleware',
      'await startMetrics(app.listen(3000));',
    ],
  ],
  [
    'a server in CommonJS, which has no `await` outside of functions',
    {},
    ["const { startMetrics } = require('./metrics.js');", 'startMetrics(server.listen(3000));'],
  ],
  [
    'a Nest application in TypeScript',
    { ...nest, ...typescript },
    ["import { startMetrics } from './metrics.js';", 'await app.listen(3000);', 'await startMetrics(app);'],
  ],
] as const) {
  test(`the command prints the lines that ${name} needs`, async (t) => {
    const { stdout } = await command(['init', '--dir', await project(t, manifest), '--yes']);
    const shown = lines.map((line) => `  ${line}\n`).join('');
    t.true(stdout.includes(`Add to the file that starts the application:\n${shown}Then `), stdout);
  });
}

for (const [answer, isWritten] of [
  ['y\n', true],
  ['YES\nmore', true],
  ['n\n', false],
  ['\n', false],
  ['', false],
] as const) {
  test(`on a terminal, the answer ${JSON.stringify(answer)} writes ${isWritten ? 'the files' : 'nothing'}`, async (t) => {
    const folder = await project(t, { ...koa, ...esModule });
    const { code, stdout } = await onTerminal(folder, answer);
    t.is(code, 0);
    t.true(stdout.includes('Write these files? [y/N] '));
    t.is(stdout.includes('Nothing was written.'), !isWritten);
    t.is((await readdir(folder)).length, isWritten ? 3 : 1);
  });
}

test('without a terminal and without --yes, the change is shown and nothing is written', async (t) => {
  const folder = await project(t, { ...koa, ...esModule });
  const { code, stdout } = await command(['init', '--dir', folder]);
  t.is(code, 0);
  t.true(stdout.includes('export async function startMetrics(started)'));
  t.true(stdout.includes('Nothing was written, since there is no terminal to ask on.'));
  t.deepEqual(await readdir(folder), ['package.json']);
});

for (const existing of ['metrics.js', 'bundle.config.mjs']) {
  test(`an existing ${existing} is not overwritten, and no other file is written`, async (t) => {
    const folder = await project(t, { ...koa, ...esModule }, { [existing]: 'mine' });
    const { code, stdout, stderr } = await command(['init', '--dir', folder, '--yes']);
    t.is(code, 1);
    t.is(stdout, '');
    t.regex(stderr, new RegExp(`^Cannot write \`${existing}\`: expected no file there, .* Rename or remove`));
    t.is(await readFile(join(folder, existing), 'utf8'), 'mine');
    t.is((await readdir(folder)).length, 2);
  });
}

test('a folder without a readable package.json is an error that says what to do', async (t) => {
  const folder = await temporaryFolder(t);
  const missing = await command(['init', '--dir', folder, '--yes']);
  t.is(missing.code, 2);
  t.regex(missing.stderr, /^Cannot read `.*package\.json`: .*ENOENT.* create one: npm init\n$/);
  await writeFile(join(folder, 'package.json'), '[');
  t.is((await command(['init', '--dir', folder])).code, 2);
});

test('`init --help` lists the options and the exit codes', async (t) => {
  const { code, stdout } = await command(['init', '--help']);
  t.is(code, 0);
  for (const text of ['--dir', '--yes', 'Koa, Nest or plain Node.js', 'Exit codes:'])
    t.true(stdout.includes(text), text);
});

test('the command names the packages of the bundle as the guide of monitoring does', async (t) => {
  const folder = await project(t, { ...koa, ...esModule });
  const { stdout } = await command(['init', '--dir', folder, '--yes']);
  const guide = await readFile(fromRoot('lib/monitoring/README.md'), 'utf8');
  const install = /npm install --save-dev .*/.exec(guide)?.[0] ?? 'no command';
  t.true(stdout.includes(`  ${install}\n`), install);
});

/** A project whose package is the built one, and whose other packages are those of the repository. */
async function installed(t: ExecutionContext, manifest: object): Promise<string> {
  await requireFreshBuild();
  const folder = await project(t, { name: 'shop', ...manifest });
  const modules = join(folder, 'node_modules');
  await mkdir(join(modules, '@tamma'), { recursive: true });
  await symlink(fromRoot(''), join(modules, '@tamma/observability'));
  for (const name of ['koa', 'prom-client', '@nestjs', '@types'])
    await symlink(fromRoot(`node_modules/${name}`), join(modules, name));
  await command(['init', '--dir', folder, '--yes']);
  return folder;
}

const environment = { PATH: process.env.PATH, METRICS_PORT: '0', METRICS_ENDPOINT: '127.0.0.1' };
const scrape = `
metrics.registry.counter(jobs).inc({ outcome: 'success' });
console.log(await (await fetch(metrics.url + '/metrics')).text());
await metrics.stop();`;

for (const [name, manifest, head, body] of [
  [
    'Koa application of ES modules',
    { ...koa, ...esModule },
    "import Koa from 'koa'; import { jobs, metrics, startMetrics } from './metrics.js';",
    "const app = new Koa().use(metrics.requestMetrics()); const server = app.listen(0, '127.0.0.1'); await startMetrics(server); await fetch('http://127.0.0.1:' + server.address().port);",
  ],
  [
    'server of node:http in CommonJS',
    {},
    "import http from 'node:http'; import shop from './metrics.js'; const { jobs, metrics, startMetrics } = shop;",
    "await startMetrics(http.createServer().listen(0, '127.0.0.1'));",
  ],
] as const) {
  test(`the written set-up file runs in a ${name}`, async (t) => {
    const folder = await installed(t, manifest);
    await writeFile(join(folder, 'main.mjs'), `${head}\n${body}\n${scrape}`);
    const ran = await runProgram(process.execPath, ['main.mjs'], { cwd: folder, env: environment });
    t.is(ran.code, 0, ran.output);
    t.regex(ran.output, /^jobs_total\{outcome="success"\} 1$/m);
    t.is(/^http_server_request_duration_seconds_count/m.test(ran.output), 'dependencies' in manifest);
  });
}

test('the written configuration of the bundle is valid, with an objective for the example metric', async (t) => {
  const folder = await installed(t, { ...koa, ...esModule });
  const config = join(folder, 'bundle.config.mjs');
  // In a process of its own, since the configuration loads the set-up file, which uses the shared registry.
  const { code, stderr } = await cli(['bundle', '--config', config, '--out', join(folder, 'out')]);
  t.is(stderr, '');
  t.is(code, 0);
  t.regex(await readFile(join(folder, 'out/prometheus/rules/slo.yml'), 'utf8'), /SloJobsSucceedBurnsFast/);
});

test('the written TypeScript files of all combinations compile under `strict`', async (t) => {
  const folder = await installed(t, { type: 'module' });
  for (const framework of ['koa', 'nest', 'node'] as const) {
    for (const isEsModule of [true, false]) {
      const own = join(folder, `${framework}-${isEsModule ? 'module' : 'commonjs'}`);
      await mkdir(own);
      await writeFile(join(own, 'package.json'), JSON.stringify(isEsModule ? esModule : {}));
      const found = { ...(await projectIn(own)), framework, isTypeScript: true };
      for (const { path, content } of initFiles(found)) await writeFile(join(own, path), content);
    }
  }
  const compilerOptions = {
    // The built types instead of the sources.
    paths: {},
    typeRoots: [fromRoot('node_modules/@types')],
    verbatimModuleSyntax: false,
  };
  const settings = {
    extends: fromRoot('tsconfig.json'),
    compilerOptions,
    include: ['*/*.ts', '*/*.mts'],
    exclude: [],
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(settings));
  const tsc = fromRoot('node_modules/typescript/bin/tsc');
  const { code, output } = await runProgram(process.execPath, [tsc, '-p', folder], {
    cwd: folder,
    env: environment,
  });
  t.is(code, 0, output);
});
