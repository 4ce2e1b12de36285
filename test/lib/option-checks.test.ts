/** What every factory says about an unknown option, and about a registry of another package. */
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
import { healthRouter, metricsRouter, requestMetrics, startMetricsServer } from '../../middleware/index.js';

const factories: Readonly<Record<string, (options: never) => unknown>> = {
  WorkflowMetrics: (options) => new WorkflowMetrics(options),
  ProviderMetrics: (options) => new ProviderMetrics(options),
  PlatformMetrics: (options) => new PlatformMetrics(options),
  MetricsAggregator: (options) => new MetricsAggregator(options),
  HealthChecks: (options) => new HealthChecks(options),
  instrumentFetch: (options) => instrumentFetch(options),
  metricsRouter: (options) => metricsRouter(options),
  requestMetrics: (options) => requestMetrics(options),
  startMetricsServer: (options) => startMetricsServer({}, options),
  createMetrics: (options) => createMetrics({}, options),
};

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
        `^Invalid \`registry\` of ${name}: expected a MetricsRegistry, received an object \\(Registry\\)\\. One of prom-client goes into it: `,
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

test('a registry refuses what is no definition of the wanted type', (t) => {
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
