// In a process of its own: the packages change globals when they are loaded.
/** Results of real packages from a decorated method: they work unchanged, and the call is recorded once. */
import { exec } from 'node:child_process';
import { get, type IncomingMessage } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import Anthropic from '@anthropic-ai/sdk';
import test from 'ava';
import Bluebird from 'bluebird';
import { execa } from 'execa';
import got, { type CancelableRequest } from 'got';
import knexFactory from 'knex';
import ky from 'ky';
import OpenAI from 'openai';
import PLazy from 'p-lazy';
import postgres from 'postgres';
import { request } from 'undici';
import { $ } from 'zx';
import { until } from '../../helpers/until.js';
import { type Client, list, listening, worksOnce } from './clients.js';
import { failedOnce, inProgress, once, recordedCalls } from './recorded-calls.js';

const clients: Readonly<Record<string, Client>> = {
  'openai, awaited': {
    make: (port) => openai(port).models.list(),
    consume: async (pages: ReturnType<OpenAI['models']['list']>) => (await pages).data[0]?.id,
    sees: 'a',
  },
  'openai, pages by for await': {
    make: (port) => openai(port).models.list(),
    consume: async (pages: ReturnType<OpenAI['models']['list']>) => {
      const ids: string[] = [];
      for await (const { id } of pages) ids.push(id);
      return ids;
    },
    sees: ['a'],
  },
  'openai, withResponse': {
    make: (port) => openai(port).models.retrieve('a'),
    consume: async (model: ReturnType<OpenAI['models']['retrieve']>) =>
      (await model.withResponse()).response.status,
    sees: 200,
  },
  'openai, asResponse': {
    make: (port) => openai(port).models.retrieve('a'),
    consume: async (model: ReturnType<OpenAI['models']['retrieve']>) => (await model.asResponse()).status,
    sees: 200,
  },
  '@anthropic-ai/sdk, withResponse': {
    make: (port) => anthropic(port).models.retrieve('a'),
    consume: async (model: ReturnType<Anthropic['models']['retrieve']>) =>
      (await model.withResponse()).response.status,
    sees: 200,
  },
  '@anthropic-ai/sdk, pages by for await': {
    make: (port) => anthropic(port).models.list(),
    consume: async (pages: ReturnType<Anthropic['models']['list']>) => {
      const ids: string[] = [];
      for await (const { id } of pages) ids.push(id);
      return ids;
    },
    sees: ['a'],
  },
  'ky, json': {
    make: (port) => ky.get(`http://127.0.0.1:${port}`),
    consume: async (response: ReturnType<typeof ky.get>) => Object.keys(await response.json<object>()).length,
    sees: 4,
  },
  'got, json': {
    make: (port) => got(`http://127.0.0.1:${port}`),
    consume: async (response: CancelableRequest<unknown>) =>
      Object.keys(await response.json<object>()).length,
    sees: 4,
  },
  'got, a response that is read already': {
    make: async (port) => got(`http://127.0.0.1:${port}`),
    consume: async (response: Promise<{ statusCode: number }>) => (await response).statusCode,
    sees: 200,
  },
  'node:http, a message that is read already': {
    make: async (port) => {
      const message = await new Promise<IncomingMessage>((resolve) =>
        get({ host: '127.0.0.1', port }, resolve),
      );
      return Object.assign(message, { body: await text(message) });
    },
    consume: async (message: Promise<IncomingMessage>) => (await message).statusCode,
    sees: 200,
  },
  'undici, a body that is read': {
    make: async (port) => (await request(`http://127.0.0.1:${port}`)).body,
    consume: async (body: ReturnType<typeof request>) =>
      ((await body) as unknown as { text(): Promise<string> }).text(),
    sees: JSON.stringify(list),
  },
};

const openai = (port: number) =>
  new OpenAI({ apiKey: 'key', baseURL: `http://127.0.0.1:${port}`, maxRetries: 0 });
const anthropic = (port: number) =>
  new Anthropic({ apiKey: 'key', baseURL: `http://127.0.0.1:${port}`, maxRetries: 0 });

for (const [name, client] of Object.entries(clients))
  test(`${name}: it works as without decorators and is recorded once`, worksOnce, client);

test('promisified exec: the result has its child process, and the call ends with it', async (t) => {
  const { api, recorded } = recordedCalls();
  const promise = api.run(() => promisify(exec)('echo done'));
  t.is(typeof promise.child.pid, 'number');
  t.deepEqual(recorded(), inProgress);
  t.is((await promise).stdout, 'done\n');
  t.deepEqual(recorded(), once);
});

test('execa: an awaited or iterated subprocess is one call, and its failure is a failure', async (t) => {
  const awaited = recordedCalls();
  t.is((await awaited.api.run(() => execa('echo', ['done']))).stdout, 'done');
  t.deepEqual(awaited.recorded(), once);

  const iterated = recordedCalls();
  const lines: unknown[] = [];
  for await (const line of iterated.api.run(() => execa('echo', ['done']))) lines.push(line);
  t.deepEqual(lines, ['done']);
  t.deepEqual(iterated.recorded(), once);

  const failed = recordedCalls();
  await t.throwsAsync(failed.api.run(() => execa('false')) as unknown as Promise<unknown>);
  t.deepEqual(failed.recorded(), failedOnce);
});

test('zx: a command runs once, and its own methods work', async (t) => {
  const { api, recorded } = recordedCalls();
  t.is(await api.run(() => $`echo deployed`).text(), 'deployed\n');
  t.deepEqual(recorded(), once);
});

test('postgres: a query is not sent until its caller awaits it', async (t) => {
  let connections = 0;
  const server = createTcpServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  const port = await listening(t, server);
  const sql = postgres({ host: '127.0.0.1', port, max: 1 });
  const { api, recorded } = recordedCalls();
  const query = api.run(() => sql`select 1`);
  await new Promise((resolve) => setImmediate(resolve));
  t.is(query.constructor.name, 'Query');
  t.is(connections, 0);
  t.deepEqual(recorded(), inProgress);
  const failure = t.throwsAsync(async () => await query, { any: true });
  await until('a connection', async () => (connections > 0 ? true : undefined));
  await sql.end({ timeout: 0 });
  await failure;
  t.deepEqual(recorded(), failedOnce);
});

test('p-lazy: only the caller runs it, by `then` or `catch`', async (t) => {
  for (const [consume, result] of [
    [async (lazy: PLazy<number>) => await lazy, once],
    [async (lazy: PLazy<number>) => await lazy.catch(() => 0), once],
  ] as const) {
    let ran = 0;
    const { api, recorded } = recordedCalls();
    const lazy = api.run(() => PLazy.from(() => ++ran));
    t.true(lazy instanceof PLazy);
    await new Promise((resolve) => setImmediate(resolve));
    t.is(ran, 0);
    t.is(await consume(lazy), 1);
    t.deepEqual(recorded(), result);
  }
  const { api, recorded } = recordedCalls();
  const lazy = api.run(() => PLazy.reject<number>(new Error('no')));
  t.is(await lazy.catch(() => 0), 0);
  t.deepEqual(recorded(), failedOnce, 'handled by its caller, and a failure of the method');
});

test('bluebird: a rejection is a failure, and the methods of Bluebird work', async (t) => {
  const failed = recordedCalls();
  const lost = new Error('lost');
  await t.throwsAsync(async () => failed.api.run(() => Bluebird.reject(lost)), { is: lost });
  t.deepEqual(failed.recorded(), failedOnce);

  const { api, recorded } = recordedCalls();
  const promise = api.run(() => Bluebird.resolve([1, 2]));
  t.deepEqual(await promise.then((values) => values.length), 2);
  t.deepEqual(recorded(), once);
  t.deepEqual(await promise.map((n: number) => n * 2), [2, 4]);
});

test('knex: an awaited query that fails is a failure', async (t) => {
  const { api, recorded } = recordedCalls();
  const knex = knexFactory({ client: 'pg' });
  const query = api.run(() => knex('users').select());
  t.is(query.where({ id: 1 }).toString(), 'select * from "users" where "id" = 1');
  t.deepEqual(recorded(), inProgress);
  await t.throwsAsync(async () => await query, { message: /acquire a connection/ });
  t.deepEqual(recorded(), failedOnce);
});
