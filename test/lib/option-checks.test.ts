/** What every factory says of an option that it does not know, and of a registry that is none. */
import test from 'ava';
import { Registry } from 'prom-client';
import { catalogue } from '../../lib/catalogue/catalogue.js';
import {
  createMetrics,
  HealthChecks,
  instrumentFetch,
  MetricsAggregator,
  PlatformMetrics,
  ProviderMetrics,
  WorkflowMetrics,
} from '../../lib/index.js';
import { createTestRegistry } from '../../lib/testing.js';
import {
  createMetricsHandler,
  healthRouter,
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

for (const [name, make] of Object.entries(factories)) {
  const failing = (options: unknown, message: RegExp) => async (t: import('ava').ExecutionContext) => {
    await t.throwsAsync(async () => make(options as never), { code: 'ERR_METRICS_INVALID_OPTION', message });
  };
  test(
    `${name}: a misspelt option is told`,
    failing(
      { registri: createTestRegistry() },
      new RegExp(
        `^Unknown option \`registri\` of ${name}: expected some of registry, .*|registry\\. Did you mean \`registry\`\\?$`,
      ),
    ),
  );
  test(
    `${name}: a registry of prom-client is none of ours`,
    failing(
      { registry: new Registry() },
      new RegExp(
        `^Invalid \`registry\` of ${name}: expected a MetricsRegistry, received an object \\(Registry\\)\\. One of prom-client goes into it: `,
      ),
    ),
  );
  test(
    `${name}: a registry in place of the options is told`,
    failing(createTestRegistry(), new RegExp(`^Invalid options of ${name}: expected \\{ registry\\?`)),
  );
}

test('healthRouter: a misspelt option is told', (t) => {
  t.throws(() => healthRouter({ check: new HealthChecks({ registry: createTestRegistry() }) } as never), {
    code: 'ERR_METRICS_INVALID_OPTION',
    message:
      'Unknown option `check` of healthRouter: expected some of checks, details. Did you mean `checks`?',
  });
});

test('a misspelt token leaves no endpoint open', (t) => {
  t.throws(() => metricsRouter({ tokn: 's3cret' } as never), { message: /Did you mean `token`\?$/ });
});

test('a registry says what it was given in place of a definition', (t) => {
  const registry = createTestRegistry();
  t.throws(() => registry.counter((catalogue as never as Record<string, never>).issueProcessed as never), {
    code: 'ERR_METRICS_INVALID_DEFINITION',
    message: 'Invalid definition of a counter: expected what defineCounter gives, received undefined.',
  });
  t.throws(() => registry.gauge(catalogue.issuesProcessed as never), {
    code: 'ERR_METRICS_WRONG_TYPE',
    message:
      'Metric `issues_processed_total` cannot be had as a gauge: expected a definition of a gauge, received one of a counter.',
  });
});
