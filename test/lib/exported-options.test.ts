/** Every function that the package exports: those with options refuse a misspelt one, and no function is forgotten here. */
import { readFile } from 'node:fs/promises';
import test from 'ava';
import * as decorators from '../../decorators/index.js';
import * as exporting from '../../lib/export/index.js';
import * as root from '../../lib/index.js';
import * as monitoring from '../../lib/monitoring/index.js';
import * as testing from '../../lib/testing.js';
import * as middleware from '../../middleware/index.js';
import { fromRoot } from '../helpers/package-root.js';

const entries: Readonly<Record<string, object>> = {
  '.': root,
  './decorators': decorators,
  './export': exporting,
  './middleware': middleware,
  './monitoring': monitoring,
  './testing': testing,
};

const { createTestRegistry } = testing;
const definition = { name: 'depth', help: 'Depth.' };
const depth = root.defineGauge(definition);
const collector = new root.PrometheusMetricsCollector({ registry: createTestRegistry() });
const checks = new root.HealthChecks({ registry: createTestRegistry() });

/** Calls each function with an option that it does not have. */
const withOptions: Readonly<Record<string, (odd: never) => unknown>> = {
  HealthChecks: (odd) => new root.HealthChecks(odd),
  'HealthChecks.add': (odd) => checks.add('odd', () => true, odd),
  'HealthChecks.drain': (odd) => checks.drain(odd),
  MetricsAggregator: (odd) => new root.MetricsAggregator(odd),
  MetricsRegistry: (odd) => new root.MetricsRegistry(odd),
  'MetricsRegistry.gauge': (odd) => createTestRegistry().gauge(depth, odd),
  'MetricsRegistry.metrics': (odd) => createTestRegistry().metrics(odd),
  'MetricsRegistry.setViews': (odd) => createTestRegistry().setViews({ depth: odd }),
  PlatformMetrics: (odd) => new root.PlatformMetrics(odd),
  PrometheusMetricsCollector: (odd) => new root.PrometheusMetricsCollector(odd),
  ProviderMetrics: (odd) => new root.ProviderMetrics(odd),
  WorkflowMetrics: (odd) => new root.WorkflowMetrics(odd),
  aiProviderCheck: (odd) => root.aiProviderCheck('http://127.0.0.1', odd),
  createMetrics: (odd) => root.createMetrics({}, odd),
  'createMetrics, its config': (odd) => root.createMetrics(odd, { registry: createTestRegistry() }),
  'createMetrics().requestMetrics': (odd) =>
    root.createMetrics({}, { registry: createTestRegistry() }).requestMetrics(odd),
  databaseCheck: (odd) => root.databaseCheck({ host: '127.0.0.1', port: 1, ...(odd as object) }),
  defineCounter: (odd) => root.defineCounter({ ...definition, ...(odd as object) }),
  defineGauge: (odd) => root.defineGauge({ ...definition, ...(odd as object) }),
  defineHistogram: (odd) => root.defineHistogram({ ...definition, ...(odd as object) }),
  defineSummary: (odd) => root.defineSummary({ ...definition, ...(odd as object) }),
  gaugeCheck: (odd) => root.gaugeCheck(depth, odd),
  gitPlatformCheck: (odd) => root.gitPlatformCheck('http://127.0.0.1', odd),
  instrumentFetch: (odd) => root.instrumentFetch(odd),
  label: (odd) => root.label(odd),
  queueCheck: (odd) => root.queueCheck('jobs', odd),
  urlCheck: (odd) => root.urlCheck('http://127.0.0.1', odd),
  Counted: (odd) => decorators.Counted(odd),
  Instrumented: (odd) => decorators.Instrumented(odd),
  PlatformRequest: (odd) => decorators.PlatformRequest(odd),
  ProviderRequest: (odd) => decorators.ProviderRequest(odd),
  Timed: (odd) => decorators.Timed(odd),
  TracksGauge: (odd) => decorators.TracksGauge(odd),
  WorkflowRun: (odd) => decorators.WorkflowRun(odd),
  WorkflowStep: (odd) => decorators.WorkflowStep(odd),
  clusterMetrics: (odd) => exporting.clusterMetrics(odd),
  joinCluster: (odd) => exporting.joinCluster(odd),
  keepSnapshots: (odd) => exporting.keepSnapshots({ file: 'metrics', ...(odd as object) }),
  startPush: (odd) => exporting.startPush({ url: 'http://127.0.0.1', ...(odd as object) }),
  MetricsEndpoint: (odd) => new middleware.MetricsEndpoint(collector, odd),
  createMetricsHandler: (odd) => middleware.createMetricsHandler(odd),
  dashboardRouter: (odd) => middleware.dashboardRouter(odd),
  healthRouter: (odd) => middleware.healthRouter(odd),
  metricsRouter: (odd) => middleware.metricsRouter(odd),
  requestMetrics: (odd) => middleware.requestMetrics(odd),
  startMetricsServer: (odd) => middleware.startMetricsServer({}, odd),
  'startMetricsServer, its config': (odd) => middleware.startMetricsServer(odd),
  defineSlo: (odd) => monitoring.defineSlo(odd),
  generateBundle: (odd) => monitoring.generateBundle(odd),
  writeBundle: (odd) => monitoring.writeBundle({ files: [] }, 'folder', odd),
  createTestRegistry: (odd) => createTestRegistry(odd),
};

/** They take values, definitions or instruments, and no options; `loadMetricsConfig` reads an environment. */
const withoutOptions = [
  'EscalationError',
  'MetricsError',
  'averageOf',
  'errorType',
  'expectRecorded',
  'exponentialBuckets',
  'expositionDiff',
  'fromClass',
  'fromContext',
  'getInstrumentation',
  'instrument',
  'instrumentationReport',
  'linearBuckets',
  'isolateSharedRegistry',
  'lintDefinition',
  'loadMetricsConfig',
  'outcome',
  'quantileOf',
  'readHistogram',
  'readSamples',
  'readText',
  'readValue',
  'sumOf',
  'tcpCheck',
  'withLabels',
];

test('every exported function is in one of the two lists', (t) => {
  const exported = Object.values(entries).flatMap((names) =>
    Object.entries(names).flatMap(([name, value]) => (typeof value === 'function' ? [name] : [])),
  );
  const listed = [...Object.keys(withOptions).filter((name) => /^\w+$/.test(name)), ...withoutOptions];
  t.deepEqual([...new Set(exported)].sort(), listed.sort());
});

test('every entry point with functions is covered', async (t) => {
  const manifest = JSON.parse(await readFile(fromRoot('package.json'), 'utf8')) as { exports: object };
  t.deepEqual(
    Object.keys(manifest.exports)
      .filter((name) => !name.endsWith('.json'))
      .sort(),
    Object.keys(entries).sort(),
  );
});

for (const [name, call] of Object.entries(withOptions)) {
  test(`${name} refuses an unknown option`, async (t) => {
    const error = await t.throwsAsync(async () => call({ oddOption: 1 } as never), {
      instanceOf: root.MetricsError,
    });
    t.regex(error.code, /^ERR_METRICS_INVALID_(OPTION|CONFIG|DEFINITION|LABEL)$/);
    t.regex(error.message, /oddOption/);
  });
}
