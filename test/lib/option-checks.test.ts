/** Errors of every factory for an unknown option and for a registry of another package. */
import test from 'ava';
import { Registry } from 'prom-client';
import { catalogue } from '../../lib/catalogue/catalogue.js';
import { clusterMetrics, joinCluster, startPush } from '../../lib/export/index.js';
import {
  aiProviderCheck,
  createMetrics,
  defineCounter,
  defineGauge,
  defineHistogram,
  defineSummary,
  gaugeCheck,
  gitPlatformCheck,
  HealthChecks,
  instrumentFetch,
  MetricsAggregator,
  MetricsRegistry,
  PlatformMetrics,
  PrometheusMetricsCollector,
  ProviderMetrics,
  queueCheck,
  urlCheck,
  WorkflowMetrics,
} from '../../lib/index.js';
import { defineSlo, generateBundle } from '../../lib/monitoring/index.js';
import { createTestRegistry } from '../../lib/testing.js';
import {
  createMetricsHandler,
  healthRouter,
  MetricsEndpoint,
  metricsRouter,
  requestMetrics,
  startMetricsServer,
} from '../../middleware/index.js';

const factories: Readonly<Record<string, (options: never) => unknown>> = {
  WorkflowMetrics: (options) => new WorkflowMetrics(options),
  ProviderMetrics: (options) => new ProviderMetrics(options),
  PlatformMetrics: (options) => new PlatformMetrics(options),
  MetricsAggregator: (options) => new MetricsAggregator(options),
  HealthChecks: (options) => new HealthChecks(options),
  instrumentFetch: (options) => instrumentFetch(options),
  metricsRouter: (options) => metricsRouter(options),
  createMetricsHandler: (options) => createMetricsHandler(options),
  requestMetrics: (options) => requestMetrics(options),
  startMetricsServer: (options) => startMetricsServer({}, options),
  createMetrics: (options) => createMetrics({}, options),
};

const calls = defineCounter({ name: 'calls_total', help: 'Calls.' });
const callSeconds = defineHistogram({ name: 'call_seconds', help: 'Durations.' });
const callBytes = defineSummary({ name: 'call_bytes', help: 'Sizes.' });
const gauge = defineGauge({ name: 'depth', help: 'Depth.' });
const checks = new HealthChecks({ registry: createTestRegistry() });

/** A misspelt option, the function that receives it, and the intended option. */
const misspelt: readonly [where: string, make: () => unknown, given: string, meant: string][] = [
  ['MetricsRegistry', () => new MetricsRegistry({ maxseries: 5 } as never), 'maxseries', 'maxSeries'],
  [
    'PrometheusMetricsCollector',
    () => new PrometheusMetricsCollector({ registri: createTestRegistry() } as never),
    'registri',
    'registry',
  ],
  ['urlCheck', () => urlCheck('http://localhost', { methd: 'HEAD' } as never), 'methd', 'method'],
  ['urlCheck', () => aiProviderCheck(undefined, { header: {} } as never), 'header', 'headers'],
  ['urlCheck', () => gitPlatformCheck(undefined, { acept: () => true } as never), 'acept', 'accept'],
  ['gaugeCheck', () => gaugeCheck(gauge, { failForm: 5 } as never), 'failForm', 'failFrom'],
  ['gaugeCheck', () => queueCheck('jobs', { failFrom: 5, warnFrm: 1 } as never), 'warnFrm', 'warnFrom'],
  ['health check "a"', () => checks.add('a', () => true, { critcal: false } as never), 'critcal', 'critical'],
  [
    'health check "a"',
    () =>
      new HealthChecks({
        registry: createTestRegistry(),
        checks: { a: { check: () => true, cacheSecond: 1 } as never },
      }),
    'cacheSecond',
    'cacheSeconds',
  ],
  [
    'counter `calls_total`',
    () => createTestRegistry().counter(calls, { colect() {} } as never),
    'colect',
    'collect',
  ],
  ['gauge `depth`', () => createTestRegistry().gauge(gauge, { colect() {} } as never), 'colect', 'collect'],
  [
    'histogram `call_seconds`',
    () => createTestRegistry().histogram(callSeconds, { colect() {} } as never),
    'colect',
    'collect',
  ],
  [
    'summary `call_bytes`',
    () => createTestRegistry().summary(callBytes, { colect() {} } as never),
    'colect',
    'collect',
  ],
  ['metricsRouter', () => metricsRouter({ trustedProxy: 1 } as never), 'trustedProxy', 'trustedProxies'],
  ['clusterMetrics', () => clusterMetrics({ maxSerie: 1 } as never), 'maxSerie', 'maxSeries'],
  ['joinCluster', () => joinCluster({ reportSecond: 1 } as never), 'reportSecond', 'reportSeconds'],
  ['startPush', () => startPush({ url: 'http://localhost', gzp: true } as never), 'gzp', 'gzip'],
  ['generateBundle', () => generateBundle({ target: '3', slo: [] } as never), 'slo', 'slos'],
  ['defineSlo', () => defineSlo({ nam: 'a' } as never), 'nam', 'name'],
  [
    'MetricsEndpoint',
    () =>
      new MetricsEndpoint(new PrometheusMetricsCollector({ registry: createTestRegistry() }), {
        check: checks,
      } as never),
    'check',
    'checks',
  ],
];

for (const [where, make, given, meant] of misspelt) {
  test(`the misspelt option \`${given}\` of ${where} is refused, and \`${meant}\` suggested`, async (t) => {
    const error = await t.throwsAsync(async () => make(), { code: 'ERR_METRICS_INVALID_OPTION' });
    t.true(
      error?.message.startsWith(`Unknown option \`${given}\` of ${where}: expected some of `),
      error?.message,
    );
    t.true(error?.message.endsWith(`. Did you mean \`${meant}\`?`), error?.message);
  });
}

test('an option with a timeout that health checks do not have is refused', (t) => {
  t.throws(() => checks.add('b', () => true, { timeout: 1 } as never), {
    code: 'ERR_METRICS_INVALID_OPTION',
    message:
      /^Unknown option `timeout` of health check "b": expected some of timeoutSeconds, cacheSeconds, critical\./,
  });
  t.deepEqual(checks.names(), []);
});

test('a misspelt setting of startMetricsServer is refused before it listens', async (t) => {
  await t.throwsAsync(startMetricsServer({ prot: 1 } as never), {
    code: 'ERR_METRICS_INVALID_CONFIG',
    message:
      'Invalid configuration: `prot`: expected a known setting, received an unknown one; did you mean `port`?.',
  });
});

for (const [name, make] of Object.entries(factories)) {
  const failing = (options: unknown, message: RegExp) => async (t: import('ava').ExecutionContext) => {
    await t.throwsAsync(async () => make(options as never), { code: 'ERR_METRICS_INVALID_OPTION', message });
  };
  test(
    `${name} refuses a misspelt option, and suggests the right one`,
    failing(
      { registri: createTestRegistry() },
      new RegExp(
        `^Unknown option \`registri\` of ${name}: expected some of registry(?:, [^.]+)?\\. Did you mean \`registry\`\\?$`,
      ),
    ),
  );
  test(
    `${name} refuses a registry of prom-client`,
    failing(
      { registry: new Registry() },
      new RegExp(
        `^Invalid \`registry\` of ${name}: expected a MetricsRegistry, received an object \\(Registry\\)\\. To use a prom-client registry, wrap it: `,
      ),
    ),
  );
  test(
    `${name} refuses a registry in place of its options`,
    failing(createTestRegistry(), new RegExp(`^Invalid options of ${name}: expected \\{ registry\\?`)),
  );
}

test('healthRouter refuses a misspelt option, and suggests the right one', (t) => {
  t.throws(() => healthRouter({ check: new HealthChecks({ registry: createTestRegistry() }) } as never), {
    code: 'ERR_METRICS_INVALID_OPTION',
    message:
      'Unknown option `check` of healthRouter: expected some of checks, details. Did you mean `checks`?',
  });
});

test('metricsRouter refuses a misspelt token, which would leave the endpoint open', (t) => {
  t.throws(() => metricsRouter({ tokn: 's3cret' } as never), {
    code: 'ERR_METRICS_INVALID_OPTION',
    message: /^Unknown option `tokn` of metricsRouter: expected some of .*\. Did you mean `token`\?$/,
  });
});

test('a registry refuses a value that is not a definition of the requested type', (t) => {
  const registry = createTestRegistry();
  t.throws(() => registry.counter((catalogue as never as Record<string, never>).issueProcessed as never), {
    code: 'ERR_METRICS_INVALID_DEFINITION',
    message: 'Invalid definition of a counter: expected the result of defineCounter, received undefined.',
  });
  t.throws(() => registry.gauge(catalogue.issuesProcessed as never), {
    code: 'ERR_METRICS_WRONG_TYPE',
    message:
      'Metric `issues_processed_total` is a counter, not a gauge: expected a gauge definition, received a counter definition.',
  });
});
