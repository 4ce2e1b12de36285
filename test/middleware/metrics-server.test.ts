/** The metrics server: where it listens, TLS, errors at its start, and how it closes. */

import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { get as httpsGet } from 'node:https';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { loadMetricsConfig } from '../../lib/config.js';
import type { MetricsConfig } from '../../lib/config-settings.js';
import { defineCounter, defineGauge } from '../../lib/define.js';
import { HealthChecks } from '../../lib/health.js';
import { createTestRegistry } from '../../lib/testing.js';
import { type MetricsServerOptions, startMetricsServer } from '../../middleware/index.js';
import { isListening } from '../helpers/listening.js';
import { fromRoot } from '../helpers/package-root.js';

const tls = (name: string): string => fromRoot(`test/fixtures/tls/${name}.pem`);

async function started(
  t: ExecutionContext,
  config: Partial<MetricsConfig> = {},
  options: MetricsServerOptions = {},
) {
  const registry = createTestRegistry();
  registry.counter(defineCounter({ name: 'calls_total', help: 'Calls.' })).inc();
  const checks = new HealthChecks({ registry, checks: { database: () => true } });
  const server = await startMetricsServer(
    { host: '127.0.0.1', port: 0, ...config },
    { registry, checks, ...options },
  );
  t.teardown(() => server.close({ deadlineSeconds: 0 }));
  return { server, registry, checks };
}

test('the server serves metrics and health on the configured host, port and path', async (t) => {
  const { server } = await started(
    t,
    loadMetricsConfig({
      METRICS_ENDPOINT: '127.0.0.1',
      METRICS_PORT: '0',
      METRICS_PATH: '/internal',
      METRICS_TOKEN: 's3cret',
    }),
  );
  t.regex(server.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  t.is((await fetch(`${server.url}/metrics`)).status, 404);
  t.is((await fetch(`${server.url}/internal`)).status, 401);
  const scraped = await fetch(`${server.url}/internal`, { headers: { authorization: 'Bearer s3cret' } });
  t.regex(await scraped.text(), /^calls_total 1$/m);
  for (const path of ['/health', '/ready', '/livez', '/readyz', '/readyz/database'])
    t.is((await fetch(`${server.url}${path}`)).status, 200, path);
});

test('with METRICS_ENABLED=false health is served and /metrics is 404', async (t) => {
  const { server } = await started(t, { enabled: false });
  t.is((await fetch(`${server.url}/metrics`)).status, 404);
  t.is((await fetch(`${server.url}/ready`)).status, 200);
});

test('the token of the configured file is required', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tamma-server-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'token'), 'from-a-file\n');
  const { server } = await started(t, { tokenFile: join(folder, 'token') });
  t.is((await fetch(`${server.url}/metrics`)).status, 401);
  t.is(
    (await fetch(`${server.url}/metrics`, { headers: { authorization: 'Bearer from-a-file' } })).status,
    200,
  );
});

/** Status of a request over TLS, or the code of its error. */
async function overTls(url: string, client?: string): Promise<number | string> {
  const credentials =
    client === undefined
      ? {}
      : { key: await readFile(tls(`${client}-key`)), cert: await readFile(tls(client)) };
  const ca = await readFile(tls('ca'));
  return new Promise((resolve) => {
    httpsGet(url, { ca, agent: false, ...credentials }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    }).once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

test('TLS needs key and certificate; with an authority, clients must have a certificate too', async (t) => {
  const files = { keyFile: tls('server-key'), certFile: tls('server') };
  const open = await started(t, {}, { tls: files });
  t.regex(open.server.url, /^https:/);
  t.is(await overTls(`${open.server.url}/metrics`), 200);
  await t.throwsAsync(fetch(open.server.url.replace('https:', 'http:')));
  const mutual = await started(t, {}, { tls: { ...files, caFile: tls('ca') } });
  t.is(await overTls(`${mutual.server.url}/metrics`, 'client'), 200);
  t.not(await overTls(`${mutual.server.url}/metrics`), 200);
});

test('each invalid start is one clear error', async (t) => {
  const { server, registry, checks } = await started(t);
  await t.throwsAsync(startMetricsServer({ host: '127.0.0.1', port: server.port }, { registry, checks }), {
    code: 'ERR_METRICS_LISTEN',
    message: `Cannot listen on \`127.0.0.1:${server.port}\`: expected a host and port that are free, received EADDRINUSE: it is in use; choose another METRICS_PORT, or 0 for a free one.`,
  });
  const failing = async (
    config: Partial<MetricsConfig>,
    options: MetricsServerOptions,
    message: RegExp,
  ): Promise<void> => {
    await t.throwsAsync(
      startMetricsServer({ host: '127.0.0.1', port: 0, ...config }, { registry, checks, ...options }),
      { code: 'ERR_METRICS_INVALID_OPTION', message },
    );
  };
  await failing({ tokenFile: '/nowhere/token' }, {}, /`tokenFile` of startMetricsServer: .*ENOENT/);
  await failing(
    {},
    { tls: { keyFile: tls('client-key'), certFile: tls('server') } },
    /`tls` of startMetricsServer: expected a key and the certificate made for it, .*mismatch/,
  );
  await failing(
    {},
    { tls: { keyFile: '/nowhere/key.pem', certFile: tls('server') } },
    /`tls.keyFile` of startMetricsServer: .*ENOENT/,
  );
  await failing(
    {},
    { tls: { keyFile: fromRoot('README.md'), certFile: tls('server') } },
    /`tls` of startMetricsServer/,
  );
});

test('close lets a scrape finish, and destroys its connection after the deadline', async (t) => {
  const { server, registry } = await started(t);
  let release: () => void = () => {};
  let held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let asked: () => void = () => {};
  let inProgress = new Promise<void>((resolve) => {
    asked = resolve;
  });
  registry.gauge(defineGauge({ name: 'held', help: 'Held.' }), {
    collect: () => {
      asked();
      return held;
    },
  });
  const scraping = fetch(`${server.url}/metrics`).then((response) => response.text());
  await inProgress;
  t.true(isListening(server.url));
  const closing = server.close({ deadlineSeconds: Number.POSITIVE_INFINITY });
  t.is(server.close(), closing, 'a second close returns the same promise');
  t.false(isListening(server.url), 'no new connections');
  release();
  t.regex(await scraping, /^held 0$/m);
  await closing;

  const stuck = await started(t);
  held = new Promise(() => {});
  inProgress = new Promise<void>((resolve) => {
    asked = resolve;
  });
  stuck.registry.gauge(defineGauge({ name: 'held', help: 'Held.' }), {
    collect: () => {
      asked();
      return held;
    },
  });
  const lost = t.throwsAsync(fetch(`${stuck.server.url}/metrics`));
  const idle = connect(stuck.server.port, '127.0.0.1');
  idle.on('error', () => {});
  t.teardown(() => idle.destroy());
  await inProgress;
  await stuck.server.close({ deadlineSeconds: 0.1 });
  await lost;
});

/** Longer than any test takes, unless close waits for this deadline. */
const never = { deadlineSeconds: 86_400 };

test('close resolves immediately with only idle connections, kept alive or without a request', async (t) => {
  const { server } = await started(t);
  const silent = connect(server.port, '127.0.0.1').on('error', () => {});
  const kept = connect(server.port, '127.0.0.1').on('error', () => {});
  await Promise.all([once(silent, 'connect'), once(kept, 'connect')]);
  kept.write('GET /health HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(kept, 'data');
  t.true(isListening(server.url));
  await server.close(never);
  t.false(isListening(server.url), 'the port is closed');
});

test('close resolves immediately with idle TLS connections or unfinished handshakes', async (t) => {
  const { server } = await started(t, {}, { tls: { keyFile: tls('server-key'), certFile: tls('server') } });
  const ca = await readFile(tls('ca'));
  const mute = connect(server.port, '127.0.0.1').on('error', () => {});
  const silent = connectTls({
    port: server.port,
    host: '127.0.0.1',
    ca,
  }).on('error', () => {});
  await Promise.all([once(mute, 'connect'), once(silent, 'secureConnect')]);
  t.true(isListening(server.url));
  await server.close(never);
  t.false(isListening(server.url), 'the port is closed');
});

/** All data that a connection receives until it ends. */
async function received(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  await once(socket, 'close');
  return text;
}

test('close lets the scrape of a keep-alive connection finish, and answers no further request on it', async (t) => {
  const { server, registry } = await started(t);
  let release: () => void = () => {};
  const asked = new Promise<void>((resolve) => {
    registry.gauge(defineGauge({ name: 'held', help: 'Held.' }), {
      collect: () => {
        resolve();
        return new Promise<void>((released) => {
          release = released;
        });
      },
    });
  });
  const socket = connect(server.port, '127.0.0.1').on('error', () => {});
  const text = received(socket);
  const get = 'GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n';
  socket.write(get);
  await asked;
  const closing = server.close(never);
  socket.write(get);
  release();
  await closing;
  t.regex(await text, /^held 0\r?$/m);
  t.is((await text).match(/^HTTP\/1\.1 /gm)?.length, 1);
});

test('close does not wait for a pipeline whose client has left', async (t) => {
  const { server, registry } = await started(t);
  const asked = new Promise<void>((resolve) => {
    registry.gauge(defineGauge({ name: 'held', help: 'Held.' }), {
      collect: () => {
        resolve();
        return new Promise<void>(() => {});
      },
    });
  });
  const socket = connect(server.port, '127.0.0.1').on('error', () => {});
  socket.write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(5));
  await asked;
  socket.destroy();
  t.true(isListening(server.url));
  await server.close(never);
  t.false(isListening(server.url), 'the port is closed');
});
