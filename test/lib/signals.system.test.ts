/** Signals to a service that stops as documented: as an ordinary process, and as process 1 of a container. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Agent, get, type IncomingMessage } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import { transformSync } from 'esbuild';
import { documentedTexts, drainSnippets } from '../helpers/documented-stops.js';
import { compiledTree } from '../helpers/package-root.js';
import { testWith } from '../helpers/programs.js';
import { runProgram } from '../helpers/run-program.js';
import { until } from '../helpers/until.js';

interface Service {
  readonly port: number;
  readonly ended: Promise<[code: number | null, signal: NodeJS.Signals | null]>;
  /** Sends the signal to the service itself, not to the program that started it. */
  kill(signal: NodeJS.Signals): Promise<void>;
  write(line: string): void;
  said(text: string): Promise<void>;
  output(): string;
}

const asProcess1 = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];

/**
 * A program of a snippet, whose app responds to /slow when a line arrives on stdin. A snippet that has imports is a whole program;
 * another one gets the imports and the app that it lacks.
 */
function program(snippet: string): string {
  const anyPort = snippet.replaceAll('.listen(3000)', ".listen(0, '127.0.0.1')");
  const { code } = transformSync(anyPort, { loader: 'ts', format: 'esm' });
  const isWhole = snippet.trimStart().startsWith('import ');
  return `
    import KoaOfTest from 'koa';
    const listen = KoaOfTest.prototype.listen;
    KoaOfTest.prototype.listen = function (...args) {
      // After requestMetrics, before the routes of the snippet.
      this.middleware.splice(1, 0, async (ctx, next) => {
        if (ctx.path !== '/slow') return next();
        console.log('asked');
        await new Promise((resolve) => process.stdin.once('data', resolve));
        ctx.body = 'done';
      });
      this.use((ctx) => {
        ctx.body = 'done';
      });
      return listen.apply(this, args);
    };
    ${isWhole ? code : fragment(snippet, code)}
    if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
    console.log('process ' + process.pid + ' ready on ' + server.address().port + ' and ' + metrics.url);`;
}

function fragment(snippet: string, code: string): string {
  return `
    import Koa from 'koa';
    import { aiProviderCheck, createMetrics, databaseCheck, HealthChecks, loadMetricsConfig, queueCheck } from '@tamma/observability';
    const pool = { query: async () => {} };
    const app = new Koa();
    ${snippet.includes('const metrics =') ? code : `const metrics = ${code}`}
    ${snippet.includes('requestMetrics') ? '' : 'app.use(metrics.requestMetrics());'}
    ${snippet.includes('const server') ? '' : "const server = app.listen(0, '127.0.0.1');"}
    ${snippet.includes('metrics.start()') ? '' : 'await metrics.start();'}`;
}

async function start(
  t: ExecutionContext,
  snippet: string,
  { prefix = [], env = {} }: { readonly prefix?: readonly string[]; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Service> {
  const [command = '', ...args] = [
    ...prefix,
    process.execPath,
    '--input-type=module',
    '-e',
    program(snippet),
  ];
  const child = spawn(command, args, {
    cwd: compiledTree,
    env: {
      ...process.env,
      NODE_ENV: 'development',
      METRICS_ENDPOINT: '127.0.0.1',
      METRICS_PORT: '0',
      ...env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      text += chunk;
    });
  const ended = once(child, 'close') as Service['ended'];
  const said = (wanted: string): Promise<void> =>
    until(`"${wanted}" in ${text}`, async () => (text.includes(wanted) ? true : undefined), 60_000).then(
      () => {},
    );
  await said('ready on');
  const port = Number(/ready on (\d+)/.exec(text)?.[1]);
  t.is(/process 1 ready/.test(text), prefix.length > 0);
  return {
    port,
    ended,
    said,
    kill: async (signal) => {
      process.kill(prefix.length === 0 ? Number(child.pid) : await childOf(child), signal);
    },
    write: (line) => child.stdin.write(`${line}\n`),
    output: () => text,
  };
}

async function childOf({ pid }: ChildProcess): Promise<number> {
  return Number(await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'));
}

async function ask(port: number, path: string, agent: Agent): Promise<number | undefined> {
  const [response] = (await once(get({ port, host: '127.0.0.1', path, agent }), 'response')) as [
    IncomingMessage,
  ];
  response.resume();
  await once(response, 'end');
  return response.statusCode;
}

/** Sends the signal with an idle keep-alive connection and one request in progress, then lets the request finish. */
async function stopWhileAsked(t: ExecutionContext, service: Service, signal: NodeJS.Signals): Promise<void> {
  const [idle, busy] = [new Agent({ keepAlive: true }), new Agent({ keepAlive: true })];
  t.teardown(() => {
    idle.destroy();
    busy.destroy();
  });
  t.is(await ask(service.port, '/', idle), 200);
  const answered = ask(service.port, '/slow', busy);
  await service.said('asked');
  await service.kill(signal);
  await service.said('waiting for requests in progress');
  await t.throwsAsync(ask(service.port, '/', new Agent()), { code: 'ECONNREFUSED' }, 'no new connections');
  service.write('answer');
  t.is(await answered, 200);
}

/** `close()` of a Nest application waits for its requests; examples/nest is tested with it. */
const snippets = (await documentedTexts())
  .flatMap(drainSnippets)
  .filter(({ text }) => !text.includes('@nestjs/core'));
const form = 'createMetrics(loadMetricsConfig(), { drain: () => server })';
const exitCodes = { SIGTERM: 143, SIGINT: 130 } as const;

test('the documentation shows one way to stop a service, and no signal handler that replaces it', async (t) => {
  const files = new Set(snippets.map(({ file }) => file));
  for (const file of [
    'middleware/README.md',
    'middleware/shutdown.md',
    'middleware/create-metrics.ts',
    'lib/health.ts',
    'lib/durability/README.md',
  ])
    t.true(files.has(file), file);
  for (const { file, text } of snippets) t.regex(text, /drain: \(\) => server[ ,]/, file);
  for (const { file, text } of await documentedTexts())
    t.notRegex(text, /process\.(?:on|once)\('SIG|drain: \(\) => server\.close|server\.close\(\)/, file);
});

for (const [index, { file, text }] of snippets.entries()) {
  test(`${file}, snippet ${index + 1}: SIGTERM waits for a request in progress, then ends the process`, async (t) => {
    const service = await start(t, text);
    await stopWhileAsked(t, service, 'SIGTERM');
    t.deepEqual(await service.ended, [null, 'SIGTERM']);
  });

  testWith(
    ['unshare'],
    `${file}, snippet ${index + 1}: as process 1, SIGTERM waits for a request in progress, then the process exits with 143`,
    async (t) => {
      const service = await start(t, text, { prefix: asProcess1 });
      await stopWhileAsked(t, service, 'SIGTERM');
      t.deepEqual(await service.ended, [143, null]);
    },
  );
}

for (const [signal, code] of Object.entries(exitCodes) as [keyof typeof exitCodes, number][]) {
  testWith(
    ['unshare'],
    `as process 1, a second ${signal} ends the process immediately with exit code ${code}`,
    async (t) => {
      const service = await start(t, form, { prefix: asProcess1 });
      // This request never ends, so the service waits for it.
      const cut = ask(service.port, '/slow', new Agent()).catch((error) => error.code);
      await service.said('asked');
      await service.kill(signal);
      await service.said('waiting for requests in progress');
      await service.kill(signal);
      t.deepEqual(await service.ended, [code, null]);
      t.is(await cut, 'ECONNRESET');
    },
  );
}

for (const [signal, code] of Object.entries(exitCodes) as [keyof typeof exitCodes, number][]) {
  testWith(
    ['unshare'],
    `as process 1, a ${signal} during a start that hangs exits with ${code}`,
    async (t) => {
      // The start hangs because the server never listens.
      const hanging = `
      import { Server } from 'node:net';
      import { createMetrics } from '@tamma/observability';
      Server.prototype.listen = function () { return this; };
      void createMetrics().start();
      setTimeout(() => process.exit(9), 60_000);
      process.kill(process.pid, '${signal}');`;
      const [unshare = '', ...args] = [...asProcess1, process.execPath, '--input-type=module', '-e', hanging];
      t.deepEqual(await runProgram(unshare, args, { cwd: compiledTree }), { code, output: '' });
    },
  );
}

for (const returned of ['server.close()', 'Promise.resolve(server)', '[server]']) {
  test(`drain: () => ${returned} is waited for like the server itself`, async (t) => {
    const service = await start(t, `createMetrics(loadMetricsConfig(), { drain: () => ${returned} })`);
    await stopWhileAsked(t, service, 'SIGTERM');
    t.deepEqual(await service.ended, [null, 'SIGTERM']);
  });
}

test('in development, Ctrl-C without requests in progress ends the process without waiting or a message', async (t) => {
  const service = await start(t, form);
  await service.kill('SIGINT');
  t.deepEqual(await service.ended, [null, 'SIGINT']);
  t.notRegex(service.output(), /load balancers/);
});

for (const [what, env, isProbed] of [
  ['if readiness was probed', {}, true],
  ['in production', { NODE_ENV: 'production' }, false],
] as const) {
  test(`${what}, the server keeps serving for five seconds after readiness has turned off`, async (t) => {
    const service = await start(t, form, { env });
    const metricsUrl = /and (http\S+)/.exec(service.output())?.[1] ?? '';
    if (isProbed) t.is((await fetch(`${metricsUrl}/ready`)).status, 200);
    const began = performance.now();
    await service.kill('SIGTERM');
    t.deepEqual(await service.ended, [null, 'SIGTERM']);
    // Timers may fire slightly early.
    t.true(performance.now() - began > 4_900);
    const report =
      /SIGTERM: waiting for load balancers to notice that it is not ready \(5 s\), \d+ s at most\. A second SIGTERM ends/;
    if (isProbed) t.regex(service.output(), report);
    else t.notRegex(service.output(), /waiting/, 'production logs contain only those of the service');
  });
}

test('while waiting for load balancers, the server that drain returns still responds', async (t) => {
  const day = '{ drain: () => server, drainSeconds: 86_400, stopSeconds: 86_400 }';
  const service = await start(t, `createMetrics(loadMetricsConfig(), ${day})`);
  await service.kill('SIGTERM');
  await service.said('waiting for load balancers');
  t.is(await ask(service.port, '/', new Agent()), 200);
  await service.kill('SIGTERM');
  t.deepEqual(await service.ended, [null, 'SIGTERM']);
});
