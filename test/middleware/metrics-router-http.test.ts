// In a process of its own: it replaces setTimeout, which the timers of fetch's open connections keep.
/** The endpoint as operators see it: headers, filters, limits, deadlines, access, and misbehaving clients. */
import { EventEmitter, once } from 'node:events';
import { request, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import Koa from 'koa';
import { catalogue } from '../../lib/catalogue/catalogue.js';
import { defineCounter, defineGauge } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { createTestRegistry, readHistogram, readValue, type TestRegistry } from '../../lib/testing.js';
import { type MetricsRouterOptions, metricsRouter } from '../../middleware/index.js';
import { serve } from '../helpers/koa-server.js';
import { until } from '../helpers/until.js';

const calls = defineCounter({ name: 'calls_total', help: 'Calls.', labels: { item: label() } });
const other = defineGauge({ name: 'other', help: 'Other.' });

async function endpoint(
  t: ExecutionContext,
  options: MetricsRouterOptions = {},
  prepare?: (app: Koa) => void,
): Promise<{ url: string; registry: TestRegistry }> {
  const registry = createTestRegistry({ maxSeries: 100_000 });
  registry.counter(calls).inc({ item: '1' });
  registry.gauge(other);
  const app = new Koa();
  prepare?.(app);
  const server = await serve(app.use(metricsRouter({ registry, timeoutSeconds: 60, ...options }).routes()));
  t.teardown(() => server.close());
  return { url: `${server.url}/metrics`, registry };
}

// ---- headers ------------------------------------------------------------------------------------------------------

test('headers follow RFC 9110: Vary, no ETag and no caching', async (t) => {
  const { url } = await endpoint(t);
  const openMetrics = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
  for (const [method, accept, type] of [
    ['GET', 'text/plain', 'text/plain; version=0.0.4; charset=utf-8'],
    ['HEAD', 'text/plain', 'text/plain; version=0.0.4; charset=utf-8'],
    ['GET', 'application/openmetrics-text', openMetrics],
    ['HEAD', 'application/openmetrics-text', openMetrics],
  ] as const) {
    const response = await fetch(url, { method, headers: { accept } });
    t.is(response.status, 200);
    t.is(response.headers.get('content-type'), type);
    t.is(response.headers.get('vary'), 'Accept, Accept-Encoding');
    t.is(response.headers.get('cache-control'), 'no-store');
    t.is(response.headers.get('etag'), null);
    t.is(response.headers.get('last-modified'), null);
    t.is((await response.text()).endsWith('# EOF\n'), method === 'GET' && type === openMetrics);
  }
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    const refused = await fetch(url, { method });
    t.is(refused.status, 405);
    t.is(refused.headers.get('allow'), 'GET, HEAD');
    t.is(await refused.text(), '');
  }
});

test('the response is gzipped only if accepted', async (t) => {
  const { url } = await endpoint(t);
  const ask = (encoding: string | undefined): Promise<{ encoding: string | undefined; body: Buffer }> =>
    new Promise((resolve, reject) => {
      request(
        url,
        { headers: encoding === undefined ? {} : { 'accept-encoding': encoding }, agent: false },
        async (response) => {
          const parts: Buffer[] = [];
          for await (const part of response) parts.push(part);
          resolve({ encoding: response.headers['content-encoding'], body: Buffer.concat(parts) });
        },
      )
        .once('error', reject)
        .end();
    });
  const plain = await ask(undefined);
  t.is(plain.encoding, undefined);
  const zipped = await ask('gzip');
  t.is(zipped.encoding, 'gzip');
  t.regex(gunzipSync(zipped.body).toString(), /^calls_total\{item="1"\} 1$/m);
  t.is((await ask('gzip;q=0')).encoding, undefined);
});

test('name[] selects metrics by family or sample name; unknown names select none', async (t) => {
  const { url } = await endpoint(t);
  const names = async (query: string): Promise<string[]> =>
    [...(await (await fetch(`${url}?${query}`)).text()).matchAll(/^# TYPE (\S+)/gm)].map(
      ([, name]) => name ?? '',
    );
  t.deepEqual(await names('name[]=calls_total'), ['calls_total']);
  t.deepEqual(await names('name[]=calls'), ['calls_total'], 'the family of OpenMetrics');
  t.deepEqual(await names('name[]=other&name[]=calls_total&name[]=other'), ['calls_total', 'other']);
  t.deepEqual(await names('name%5B%5D=metrics_scrape_duration_seconds_sum'), [
    'metrics_scrape_duration_seconds',
  ]);
  t.deepEqual(await names('name[]=nothing'), []);
  const all = await names('');
  t.true(all.includes('calls_total') && all.includes('other'));
  t.deepEqual(await names('page=2'), all);
});

test('constantLabels are added to every series', async (t) => {
  const { url } = await endpoint(t, { constantLabels: { service: 'tamma' } });
  const lines = (await (await fetch(url)).text())
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  t.true(lines.length > 3);
  for (const line of lines) t.regex(line, /service="tamma"/);
});

// ---- metrics about scrapes ----------------------------------------------------------------------------------------

test('scrapes have metrics of their duration, size and number in progress', async (t) => {
  const { url, registry } = await endpoint(t);
  const text = await (await fetch(url)).text();
  t.regex(text, /^metrics_scrapes_in_progress 1$/m);
  t.regex(text, /^metrics_series\{metric="calls_total"\} 1$/m);
  await (await fetch(url, { headers: { accept: 'application/openmetrics-text' } })).text();
  await until('the end', async () =>
    readValue(registry, catalogue.metricsScrapesInProgress) === 0 ? true : undefined,
  );
  for (const format of ['text', 'openmetrics']) {
    t.is(readHistogram(registry, catalogue.metricsScrapeDuration, { format })?.count, 1, format);
    t.true((readValue(registry, catalogue.metricsScrapeSize, { format }) ?? 0) > 500, format);
  }
  t.is(readValue(registry, catalogue.metricsScrapeSize, { format: 'text' }), Buffer.byteLength(text));
});

// ---- limits and deadlines -----------------------------------------------------------------------------------------

test.serial(
  'a hanging or failing collector loses only its own metric, and every failure is counted',
  async (t) => {
    mock.timers.enable({ apis: ['setTimeout'] });
    t.teardown(() => mock.timers.reset());
    const { url, registry } = await endpoint(t);
    const collecting = new EventEmitter();
    let asked = 0;
    registry.gauge(defineGauge({ name: 'stuck', help: 'Stuck.' }), {
      collect: () => {
        asked += 1;
        return new Promise(() => {});
      },
    });
    registry.gauge(defineGauge({ name: 'thrower', help: 'Throws.' }), {
      collect: () => {
        collecting.emit('begun');
        throw new Error('no');
      },
    });
    for (let time = 1; time <= 3; time++) {
      const begun = once(collecting, 'begun');
      const answer = fetch(url, { headers: { 'x-prometheus-scrape-timeout-seconds': '10' } });
      await begun;
      // Half a second of the ten is kept for sending.
      mock.timers.tick(9_500);
      const text = await (await answer).text();
      t.regex(text, /^calls_total\{item="1"\} 1$/m);
      t.notRegex(text, /^(stuck|thrower) /m);
      for (const metric of ['stuck', 'thrower'])
        t.is(readValue(registry, catalogue.metricsCollectorErrors, { metric }), time, metric);
    }
    t.is(asked, 1, 'a hanging collector is not called again');
  },
);

test('a scrape waits for an asynchronous collector', async (t) => {
  const { url, registry } = await endpoint(t);
  registry.gauge(defineGauge({ name: 'slow', help: 'Slow.' }), {
    collect: async (gauge) => {
      await turn();
      gauge.set(5);
    },
  });
  const text = await (await fetch(url)).text();
  t.regex(text, /^slow 5$/m);
});

test('concurrent scrapes with the same request share one; above maxScrapes they get 503 and Retry-After', async (t) => {
  const { url, registry } = await endpoint(t, { maxScrapes: 3 });
  let collected = 0;
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  registry.gauge(defineGauge({ name: 'held', help: 'Held.' }), {
    collect: () => {
      collected += 1;
      return held;
    },
  });
  const scrapes = [1, 2, 3].map(() =>
    fetch(url).then(async (response) => [response.status, await response.text()] as const),
  );
  await until('three in progress', async () =>
    readValue(registry, catalogue.metricsScrapesInProgress) === 3 ? true : undefined,
  );
  const refused = await fetch(url);
  t.is(refused.status, 503);
  t.is(refused.headers.get('retry-after'), '1');
  t.is(refused.headers.get('cache-control'), 'no-store');
  t.is((await fetch(url, { method: 'HEAD' })).status, 200, 'HEAD takes no slot');
  release();
  const texts = await Promise.all(scrapes);
  t.is(collected, 1);
  for (const [status, text] of texts) {
    t.is(status, 200);
    t.is(text, texts[0]?.[1] ?? '');
  }
  await until('room', async () =>
    readValue(registry, catalogue.metricsScrapesInProgress) === 0 ? true : undefined,
  );
  t.is((await fetch(url)).status, 200);
});

test('a client that leaves or reads too slowly frees its slot', async (t) => {
  const { url, registry } = await endpoint(t, { maxScrapes: 2 });
  for (let id = 0; id < 60_000; id++)
    registry.counter(calls).inc({ item: `a-rather-long-value-to-make-this-large-${id}` });
  const { hostname, port } = new URL(url);
  const get = 'GET /metrics HTTP/1.1\r\nHost: here\r\nX-Prometheus-Scrape-Timeout-Seconds: 0.5\r\n\r\n';
  // One reads a little and leaves; the other reads nothing.
  const leaving = connect(Number(port), hostname, () => leaving.write(get));
  leaving.once('data', () => leaving.destroy());
  const stalled = connect(Number(port), hostname, () => stalled.write(get));
  stalled.pause();
  stalled.on('error', () => {});
  t.teardown(() => stalled.destroy());
  await until('both in progress', async () =>
    (readValue(registry, catalogue.metricsScrapesInProgress) ?? 0) > 0 ? true : undefined,
  );
  await until('both gone', async () =>
    readValue(registry, catalogue.metricsScrapesInProgress) === 0 ? true : undefined,
  );
  t.is((await fetch(url)).status, 200);
});

// ---- access -------------------------------------------------------------------------------------------------------

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

test('either a token or a user is accepted if both are set; refusals have no body', async (t) => {
  const { url } = await endpoint(t, {
    token: 's3cret',
    basicAuth: { username: 'scraper', password: 'pä:ss' },
  });
  for (const [authorization, status] of [
    [undefined, 401],
    ['Bearer s3cret', 200],
    [basic('scraper:pä:ss'), 200],
    [basic('scraper:wrong'), 401],
    [basic('scraper'), 401],
    ['Basic ', 401],
    ['Basic ===', 401],
    ['Digest s3cret', 401],
    [`Bearer ${'x'.repeat(5_000)}`, 401],
  ] as const) {
    for (const method of ['GET', 'HEAD', 'POST']) {
      const response = await fetch(url, {
        method,
        headers: authorization === undefined ? {} : { authorization },
      });
      t.is(response.status, status === 200 && method === 'POST' ? 405 : status, `${method} ${authorization}`);
      t.is(response.headers.get('cache-control'), 'no-store');
      if (status === 200) continue;
      t.is(
        response.headers.get('www-authenticate'),
        'Bearer realm="metrics", Basic realm="metrics", charset="UTF-8"',
      );
      t.is(await response.text(), '');
    }
  }
});

const folderless = join(tmpdir(), 'tamma-nowhere', 'token');
for (const [options, message] of [
  [{ token: 'two words' }, /`token` of metricsRouter: expected a non-empty text without spaces/],
  [
    { tokenFile: folderless },
    /`tokenFile` of metricsRouter: expected a file that can be read, received .*ENOENT/,
  ],
  [
    { tokenFile: '/dev/zero' },
    /`tokenFile` of metricsRouter: expected a file that can be read, received "\/dev\/zero": expected a regular file/,
  ],
  [
    { basicAuth: { username: 'a:b', password: 'c' } },
    /`basicAuth` of metricsRouter: expected a `username` without a colon and a `password`/,
  ],
  [{ basicAuth: { username: 'a' } }, /`basicAuth` of metricsRouter/],
  [
    { allowFrom: ['10.0.0.0/33'] },
    /`allowFrom` of metricsRouter: expected addresses and CIDR ranges such as 10.0.0.0\/8 or ::1, received "10.0.0.0\/33"/,
  ],
  [
    { trustedProxies: -1 },
    /`trustedProxies` of metricsRouter: expected an integer of 0 or more, received -1/,
  ],
  [{ allowFrom: ['localhost'] }, /`allowFrom` of metricsRouter: .* received "localhost"/],
  [{ cluster: 'yes' }, /`cluster` of metricsRouter: expected true, false or a function, received "yes"/],
  [{ maxScrapes: 0 }, /`maxScrapes` of metricsRouter: expected a positive integer, received 0/],
  [
    { timeoutSeconds: -1 },
    /`timeoutSeconds` of metricsRouter: expected a positive number of seconds, received -1/,
  ],
  [
    { constantLabels: { le: 'x' } },
    /`constantLabels` of metricsRouter: expected valid label names, received "le"/,
  ],
] as const) {
  test(`rejected options: ${JSON.stringify(options)}`, (t) => {
    t.throws(() => metricsRouter({ registry: createTestRegistry(), ...options } as never), {
      code: 'ERR_METRICS_INVALID_OPTION',
      message,
    });
  });
}

// ---- arbitrary requests --------------------------------------------------------------------------------------------

test('arbitrary Accept, Accept-Encoding, Authorization and query get a response other than 500', async (t) => {
  const { url } = await endpoint(t, { token: 's3cret' });
  const { hostname, port } = new URL(url);
  // The characters allowed in a header: Node rejects all others on both sides.
  const header = fc.string({ unit: fc.constantFrom(...'abc/;=,*"q.01 gzipBearer-+\t'), maxLength: 60 });
  const query = fc.string({ unit: fc.constantFrom(...'name[]=%5B&?ab\'"%2e'), maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(
      header,
      header,
      header,
      query,
      fc.boolean(),
      async (accept, encoding, authorization, search, isLetIn) => {
        const status = await new Promise<number>((resolve, reject) => {
          request(
            {
              hostname,
              port,
              path: `/metrics?${encodeURI(search)}`,
              headers: {
                accept,
                'accept-encoding': encoding,
                authorization: isLetIn ? 'Bearer s3cret' : authorization,
                // A short timeout, such as 60e-9, would let the endpoint cut off a response.
                'x-prometheus-scrape-timeout-seconds': `60${accept.replaceAll('e', '')}`,
              },
              timeout: 60_000,
            },
            (response) => {
              response.resume();
              response.once('end', () => resolve(response.statusCode ?? 0));
            },
          )
            .once('timeout', () => reject(new Error('it hangs')))
            .once('error', reject)
            .end();
        });
        t.is(status, isLetIn ? 200 : 401);
      },
    ),
    { numRuns: 300 },
  );
});

test('a scraper that leaves during the response is no error of the app; a body that fails is one', async (t) => {
  const errors: string[] = [];
  let isBroken = false;
  const over: Promise<unknown>[] = [];
  const responses: ServerResponse[] = [];
  const { url, registry } = await endpoint(t, {}, (app) => {
    app.on('error', ({ message }: Error) => errors.push(message));
    app.use(async (ctx, next) => {
      over.push(once(ctx.res, 'close'));
      responses.push(ctx.res);
      await next();
      if (isBroken)
        ctx.body.destroy(Object.assign(new Error('the body broke'), { code: 'ECONNRESET', syscall: 'read' }));
    });
  });
  for (let item = 0; item < 100_000; item++) registry.counter(calls).inc({ item: `${item}` });
  const leaving = request(url, (response) => response.once('data', () => response.destroy()));
  leaving.end();
  await once(leaving, 'close');
  await until('the response', async () => (over.length > 0 ? true : undefined));
  await over[0];
  for (let time = 0; time < 10; time++) await turn();
  t.false(responses[0]?.writableFinished);
  t.deepEqual(errors, []);
  isBroken = true;
  await t.throwsAsync(async () => (await fetch(url)).text());
  await over[1];
  // Koa 3 reports it twice: of its pipeline, and of the connection.
  t.deepEqual([...new Set(errors)], ['the body broke']);
});
