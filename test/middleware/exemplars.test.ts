// In a process of its own: it sets up OpenTelemetry.
/** Exemplars of requests. */
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import test, { type ExecutionContext } from 'ava';
import Koa, { type Middleware } from 'koa';
import { withLabels } from '../../decorators/index.js';
import { metricsRecordingErrors } from '../../lib/catalogue/self.js';
import { loadMetricsConfig } from '../../lib/config.js';
import { defineCounter } from '../../lib/define.js';
import { createTestRegistry, readValue, type TestRegistry } from '../../lib/testing.js';
import { createMetrics } from '../../middleware/create-metrics.js';
import { metricsRouter, type RequestMetricsOptions, requestMetrics } from '../../middleware/index.js';
import { serve } from '../helpers/koa-server.js';
import { type ReadExemplar, readExemplars } from '../helpers/read-exemplars.js';
import { inSpan, startTracing } from '../helpers/tracing.js';
import { until } from '../helpers/until.js';

startTracing();

const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs.' });
const duration = 'http_server_request_duration_seconds';

async function exemplarsOfRequest(
  t: ExecutionContext,
  registry: TestRegistry,
  options: RequestMetricsOptions,
  before: Middleware,
): Promise<ReadExemplar[]> {
  const app = new Koa();
  app
    .use(before)
    .use(requestMetrics({ ...options, registry }))
    .use((ctx) => {
      ctx.state.id = 'r-1';
      ctx.body = 'ok';
    });
  const server = await serve(app);
  t.teardown(() => server.close());
  await (await fetch(server.url)).text();
  await until('the request', async () =>
    (await registry.metrics()).includes(`${duration}_count`) ? true : undefined,
  );
  return readExemplars(t, registry);
}

test('a request has the span that was active when it began', async (t) => {
  let ids: object = {};
  const exemplars = await exemplarsOfRequest(t, createTestRegistry(), {}, (_, next) =>
    inSpan((span) => {
      ids = span;
      return next();
    }),
  );
  t.deepEqual(
    exemplars.map(({ sample, labels }) => [sample.replace(/\{.*/, ''), labels]),
    [[`${duration}_bucket`, ids]],
  );
});

test('a request that began outside a span does not get the one in which its server was started', async (t) => {
  const outside: Middleware = (_, next) => context.with(ROOT_CONTEXT, next);
  const exemplars = await inSpan(() => exemplarsOfRequest(t, createTestRegistry(), {}, outside));
  t.deepEqual(exemplars, []);
});

test('the option `exemplar` gives labels of the context at the end of a request', async (t) => {
  const options: RequestMetricsOptions = { exemplar: (ctx) => ({ id: String(ctx.state.id) }) };
  const exemplars = await exemplarsOfRequest(t, createTestRegistry(), options, (_, next) => next());
  t.deepEqual(
    exemplars.map(({ labels }) => labels),
    [{ id: 'r-1' }],
  );
});

test('an `exemplar` that throws is counted, and the request is recorded', async (t) => {
  const registry = createTestRegistry();
  const exemplar = (): never => {
    throw new Error('no');
  };
  t.deepEqual(await exemplarsOfRequest(t, registry, { exemplar }, (_, next) => next()), []);
  t.is(readValue(registry, metricsRecordingErrors, { metric: duration, reason: 'exemplar' }), 1);
  t.throws(() => requestMetrics({ registry, exemplar: {} as never }), {
    code: 'ERR_METRICS_INVALID_OPTION',
    message: /^Invalid `exemplar` of requestMetrics: expected a function of the context/,
  });
});

test('/metrics answers with exemplars in OpenMetrics, and without them in text', async (t) => {
  const registry = createTestRegistry();
  inSpan(() => registry.counter(jobs).inc());
  const server = await serve(new Koa().use(metricsRouter({ registry }).routes()));
  t.teardown(() => server.close());
  const scraped = async (accept: string): Promise<string> =>
    (await fetch(`${server.url}/metrics`, { headers: { accept } })).text();
  t.regex(await scraped('application/openmetrics-text;version=1.0.0'), /^jobs_total 1 # \{trace_id="/m);
  t.regex(await scraped('text/plain;version=0.0.4'), /^jobs_total 1$/m);
});

test('METRICS_EXEMPLARS=false takes precedence over the option `exemplars` of createMetrics', async (t) => {
  const exemplars = { contextLabels: ['id'] };
  for (const [variable, expected] of [
    ['true', 1],
    ['false', 0],
  ] as const) {
    const registry = createTestRegistry();
    createMetrics(loadMetricsConfig({ METRICS_EXEMPLARS: variable }), { registry, exemplars });
    withLabels({ id: 'a' }, () => registry.counter(jobs).inc());
    t.is((await readExemplars(t, registry)).length, expected);
  }
  const invalid = { contextLabels: 'id' } as never;
  t.throws(() => createMetrics({}, { registry: createTestRegistry(), exemplars: invalid }), {
    code: 'ERR_METRICS_INVALID_OPTION',
  });
});
