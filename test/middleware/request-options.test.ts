/** The options of `requestMetrics`. */
import Router from '@koa/router';
import test, { type ExecutionContext } from 'ava';
import Koa, { type Middleware } from 'koa';
import { catalogue } from '../../lib/catalogue/catalogue.js';
import { defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { createTestRegistry, readSamples, type TestRegistry } from '../../lib/testing.js';
import { metricsRouter, type RequestMetricsOptions, requestMetrics } from '../../middleware/index.js';
import { serve } from '../helpers/koa-server.js';
import { until } from '../helpers/until.js';

/** Requests some paths and returns the series of a metric by their labels. */
async function recorded(
  t: ExecutionContext,
  options: RequestMetricsOptions<never>,
  paths: readonly string[],
  metric = 'http_server_request_duration_seconds',
  registry: TestRegistry = createTestRegistry(),
): Promise<Record<string, string | number>[]> {
  const router = new Router();
  router.get('/users/:id', (ctx) => {
    ctx.status = Number(ctx.query.status ?? 200);
    ctx.body = 'ok';
  });
  const app = new Koa();
  const server = await serve(
    app.use(requestMetrics({ ...options, registry } as RequestMetricsOptions)).use(router.routes()),
  );
  t.teardown(() => server.close());
  for (const path of paths) await (await fetch(`${server.url}${path}`)).text();
  return until('the requests', async () => {
    const instrument = registry.get(metric);
    if (instrument === undefined) throw new Error(`no ${metric}`);
    const samples = await readSamples(registry, instrument.definition);
    const counts = samples.filter(({ metricName }) => metricName?.endsWith('_count') ?? true);
    return counts.length > 0 ? counts.map(({ labels, value }) => ({ ...labels, value })) : undefined;
  });
}

test('skipped requests are not measured, nor counted in flight', async (t) => {
  const registry = createTestRegistry();
  const found = await recorded(
    t,
    { skip: (ctx) => ctx.path === '/health' },
    ['/health', '/health', '/users/1'],
    undefined,
    registry,
  );
  t.deepEqual(found, [{ method: 'GET', route: '/users/:id', status_code: '200', value: 1 }]);
});

test('a request whose `skip` throws is measured, and the error is counted', async (t) => {
  const registry = createTestRegistry();
  const skip = (): boolean => {
    throw new Error('no');
  };
  t.is((await recorded(t, { skip }, ['/users/1'], undefined, registry)).length, 1);
  t.is((await readSamples(registry, catalogue.metricsRecordingErrors))[0]?.value, 1);
});

test('`statusCode` is the class, or the result of a function', async (t) => {
  const paths = ['/users/1?status=204', '/users/1?status=404', '/users/1?status=503'];
  const codes = (found: Record<string, string | number>[]) =>
    found.map(({ status_code }) => status_code).sort();
  t.deepEqual(codes(await recorded(t, { statusCode: 'class' }, paths)), ['2xx', '4xx', '5xx']);
  t.deepEqual(codes(await recorded(t, { statusCode: (status) => (status < 500 ? 'fine' : 'bad') }, paths)), [
    'bad',
    'fine',
  ]);
});

test('`buckets` replaces the bucket bounds', async (t) => {
  const registry = createTestRegistry();
  await recorded(t, { buckets: [0.1, 60] }, ['/users/1'], undefined, registry);
  t.deepEqual(
    (await readSamples(registry, catalogue.httpServerRequestDuration)).flatMap(
      ({ labels }) => labels.le ?? [],
    ),
    [0.1, 60, '+Inf'],
  );
});

const { name, help, labels, buckets } = catalogue.httpServerRequestDuration;
const byTenant = defineHistogram({
  name,
  help,
  buckets,
  labels: { ...labels, tenant: label(), plan: label('free', 'paid') },
});

test('`labels` fills the additional labels of a custom duration histogram', async (t) => {
  const options: RequestMetricsOptions<(typeof byTenant)['labels']> = {
    duration: byTenant,
    labels: { tenant: (ctx) => ctx.get('x-tenant') || 'nobody', plan: () => 'paid' },
  };
  t.deepEqual(await recorded(t, options as never, ['/users/1']), [
    { method: 'GET', route: '/users/:id', status_code: '200', tenant: 'nobody', plan: 'paid', value: 1 },
  ]);
});

test('a label function that throws leaves its label absent, and the error is counted', async (t) => {
  const registry = createTestRegistry();
  const options: RequestMetricsOptions<(typeof byTenant)['labels']> = {
    duration: byTenant,
    labels: {
      tenant: () => {
        throw new Error('no');
      },
      plan: () => 'free',
    },
  };
  t.deepEqual(await recorded(t, options as never, ['/users/1'], undefined, registry), [
    { method: 'GET', route: '/users/:id', status_code: '200', plan: 'free', value: 1 },
  ]);
  t.is((await readSamples(registry, catalogue.metricsRecordingErrors))[0]?.value, 1);
});

test("semantics 'opentelemetry' has the names and labels of the conventions", async (t) => {
  const registry = createTestRegistry();
  const found = await recorded(
    t,
    { semantics: 'opentelemetry' },
    ['/users/1', '/users/1?status=503', '/nowhere'],
    undefined,
    registry,
  );
  t.deepEqual(found, [
    {
      http_request_method: 'GET',
      url_scheme: 'http',
      http_route: '/users/:id',
      http_response_status_code: '200',
      value: 1,
    },
    {
      http_request_method: 'GET',
      url_scheme: 'http',
      http_route: '/users/:id',
      http_response_status_code: '503',
      error_type: '503',
      value: 1,
    },
    { http_request_method: 'GET', url_scheme: 'http', http_response_status_code: '404', value: 1 },
  ]);
  t.deepEqual(
    registry.instruments().map((instrument) => instrument.name),
    [
      'http_server_request_duration_seconds',
      'http_server_active_requests',
      'http_server_aborted_bodies_total',
      'http_server_failed_bodies_total',
    ],
  );
});

/** Sends a body to an app, and gives back the methods that the middleware has replaced for its measures. */
async function replacedMethods(t: ExecutionContext, options: RequestMetricsOptions): Promise<string[]> {
  let replaced: string[] = [];
  const app = new Koa().use(requestMetrics(options)).use((ctx) => {
    const { req, res } = ctx;
    replaced = ['writeHead', 'end', 'push'].filter((name) =>
      Object.hasOwn(name === 'push' ? req : res, name),
    );
    ctx.body = 'ok';
  });
  const server = await serve(app);
  t.teardown(() => server.close());
  await (await fetch(server.url, { method: 'POST', body: 'hello' })).text();
  return replaced;
}

const always = [
  'http_server_request_duration_seconds',
  'http_server_requests_in_flight',
  'http_server_aborted_bodies_total',
  'http_server_failed_bodies_total',
];

for (const [measure, metric, replaced] of [
  ['first-byte', 'http_server_time_to_first_byte_seconds', 'writeHead'],
  ['request-size', 'http_server_request_size_bytes', 'push'],
  ['response-size', 'http_server_response_size_bytes', 'end'],
] as const) {
  test(`measure: ['${measure}'] adds ${metric}, and replaces only \`${replaced}\` in addition`, async (t) => {
    const registry = createTestRegistry();
    t.deepEqual(await replacedMethods(t, { registry, measure: [measure] }), [replaced]);
    const instrument = registry.get(metric);
    if (instrument === undefined) throw new Error(`no ${metric}`);
    await until('the request', async () =>
      (await readSamples(registry, instrument.definition)).length > 0 ? true : undefined,
    );
    t.deepEqual(
      registry
        .instruments()
        .map(({ name }) => name)
        .sort(),
      [...always, metric].sort(),
    );
  });
}

test('without measure, neither the first byte nor the sizes are measured, and nothing is replaced for them', async (t) => {
  const registry = createTestRegistry();
  t.deepEqual(await replacedMethods(t, { registry }), []);
  t.deepEqual(
    registry.instruments().map(({ name }) => name),
    always,
  );
});

test('two registries of one app may measure different things', async (t) => {
  const [plain, full] = [createTestRegistry(), createTestRegistry()];
  const app = new Koa()
    .use(requestMetrics({ registry: plain }))
    .use(requestMetrics({ registry: full, measure: ['response-size'] }))
    .use((ctx) => {
      ctx.body = 'hello';
    });
  const server = await serve(app);
  t.teardown(() => server.close());
  await (await fetch(server.url)).text();
  const samples = await until('the request', async () => {
    const found = await readSamples(full, catalogue.httpServerResponseSize);
    return found.length > 0 ? found : undefined;
  });
  t.is(samples.find(({ metricName }) => metricName?.endsWith('_sum'))?.value, 5);
  t.is(plain.get('http_server_response_size_bytes'), undefined);
});

test('an app that mounts the middleware twice records each request once', async (t) => {
  const registry = createTestRegistry();
  const app = new Koa();
  const server = await serve(app.use(requestMetrics({ registry })).use(requestMetrics({ registry })));
  t.teardown(() => server.close());
  for (let time = 0; time < 2; time++) await (await fetch(server.url)).text();
  const counts = await until('both requests', async () => {
    const found = (await readSamples(registry, catalogue.httpServerRequestDuration)).filter(
      ({ metricName }) => metricName?.endsWith('_count'),
    );
    return (found[0]?.value ?? 0) >= 2 ? found.map(({ value }) => value) : undefined;
  });
  t.deepEqual(counts, [2]);
});

for (const [options, message] of [
  [
    { skips: () => true },
    'Unknown option `skips` of requestMetrics: expected some of registry, skip, duration, labels, statusCode, buckets, exemplar, measure, semantics. Did you mean `skip`?',
  ],
  [
    { skip: '/health' },
    'Invalid `skip` of requestMetrics: expected a function of the context, received "/health".',
  ],
  [
    { measure: ['first-bite'] },
    'Invalid `measure` of requestMetrics: expected an array of "first-byte", "request-size", "response-size", received ["first-bite"]. Did you mean `first-byte`?',
  ],
  [
    { semantics: 'otel' },
    'Invalid `semantics` of requestMetrics: expected "catalogue" or "opentelemetry", received "otel".',
  ],
  [
    { statusCode: 'group' },
    'Invalid `statusCode` of requestMetrics: expected "exact", "class" or a function of the status, received "group".',
  ],
  [
    { duration: catalogue.methodDuration },
    'Invalid `duration` of requestMetrics: expected a histogram with the labels method, route, status_code among others, received ["class", "method", "outcome"].',
  ],
  [
    { duration: byTenant, labels: { tenant: () => 'a' } },
    'Invalid `labels` of requestMetrics: expected a function of the context for each of tenant, plan, received ["tenant"].',
  ],
  [
    { labels: { tenant: () => 'a' } },
    'Invalid `labels` of requestMetrics: expected a function of the context for each of no labels, received ["tenant"].',
  ],
] as const) {
  test(`rejected: ${message}`, (t) => {
    t.throws(() => requestMetrics(options as never), { code: 'ERR_METRICS_INVALID_OPTION', message });
  });
}

test("url_scheme is http, https or other, whatever a proxy's header says", async (t) => {
  const registry = createTestRegistry();
  const app = new Koa({ proxy: true }).use(requestMetrics({ registry, semantics: 'opentelemetry' }));
  const server = await serve(app);
  t.teardown(() => server.close());
  const schemes = ['http', 'https', 'HTTPS', 'wss', ...Array.from({ length: 50 }, (_, index) => `p${index}`)];
  for (const scheme of schemes)
    await (await fetch(server.url, { headers: { 'x-forwarded-proto': scheme } })).text();
  const counts = await until('the requests', async () => {
    const instrument = registry.get('http_server_request_duration_seconds');
    if (instrument === undefined) return undefined;
    const samples = await readSamples(registry, instrument.definition);
    const byScheme = samples
      .filter(({ metricName }) => metricName?.endsWith('_count'))
      .map(({ labels, value }) => [labels.url_scheme, value] as const);
    return byScheme.reduce((sum, [, value]) => sum + value, 0) === schemes.length ? byScheme : undefined;
  });
  t.deepEqual(Object.fromEntries(counts), { http: 1, https: 2, other: 51 });
});

/** The warnings of an app after two requests to a route and two without a route. */
async function warningsOf(t: ExecutionContext, mount: (app: Koa, registry: TestRegistry) => void) {
  const registry = createTestRegistry();
  const app = new Koa();
  mount(app, registry);
  const server = await serve(app);
  t.teardown(() => server.close());
  const statuses: number[] = [];
  for (const path of ['/users', '/users', '/nowhere', '/nowhere'])
    statuses.push((await fetch(`${server.url}${path}`)).status);
  t.deepEqual(statuses, [200, 200, 404, 404]);
  return registry.warnings;
}

const users = (): Middleware =>
  new Router()
    .get('/users', (ctx) => {
      ctx.body = 'ok';
    })
    .routes() as Middleware;

test('requestMetrics mounted after a router warns once', async (t) => {
  const warnings = await warningsOf(t, (app, registry) => {
    app.use(users()).use(requestMetrics({ registry }));
  });
  t.deepEqual(warnings, [
    {
      code: 'METRICS_REQUESTS_UNMEASURED',
      message:
        'Requests that the routes answer are not measured: expected app.use(requestMetrics()) before the routers of the app, received it after one. Mount it first.',
    },
  ]);
});

test("requestMetrics mounted before the app's routers and after those of this package does not warn", async (t) => {
  const warnings = await warningsOf(t, (app, registry) => {
    app.use(metricsRouter({ registry }).routes()).use(requestMetrics({ registry })).use(users());
  });
  t.deepEqual(warnings, []);
});

test.serial('requestMetrics mounted without parentheses serves requests and warns once', async (t) => {
  const warnings: (Error & { code?: string })[] = [];
  const listen = (warning: Error): void => void warnings.push(warning);
  process.on('warning', listen);
  t.teardown(() => process.off('warning', listen));
  await warningsOf(t, (app) => {
    app.use(requestMetrics as unknown as Middleware).use(users());
  });
  t.deepEqual(
    warnings.map(({ code, message }) => ({ code, message })),
    [
      {
        code: 'METRICS_REQUESTS_UNMEASURED',
        message:
          'Requests are not measured: expected app.use(requestMetrics()), received app.use(requestMetrics) without parentheses. Call it.',
      },
    ],
  );
});
