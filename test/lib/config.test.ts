import test from 'ava';
import {
  configVariables,
  defaultMetricsConfig,
  loadMetricsConfig,
  type MetricsConfig,
  metricsConfigOf,
} from '../../lib/config.js';

const defaults: MetricsConfig = {
  enabled: true,
  host: '0.0.0.0',
  port: 9090,
  path: '/metrics',
  service: 'tamma',
  version: 'unknown',
  environment: 'development',
  token: undefined,
  tokenFile: undefined,
  maxSeries: 1000,
  retentionDays: 30,
  retentionSamples: 10_000,
  scrapeIntervalSeconds: 15,
  snapshotFile: undefined,
  pushUrl: undefined,
};

test('an empty environment gives the defaults, frozen', (t) => {
  t.deepEqual(loadMetricsConfig({}), defaults);
  t.deepEqual(defaultMetricsConfig, defaults);
  t.true(Object.isFrozen(loadMetricsConfig({})));
  t.true(Object.isFrozen(defaultMetricsConfig));
});

test('every variable is read', (t) => {
  t.deepEqual(
    loadMetricsConfig({
      METRICS_ENABLED: 'false',
      METRICS_ENDPOINT: '127.0.0.1',
      METRICS_PORT: '9191',
      METRICS_PATH: '/internal/metrics',
      SERVICE_NAME: 'agents',
      APP_VERSION: '1.2.3',
      NODE_ENV: 'production',
      METRICS_TOKEN: 's3cret',
      METRICS_MAX_SERIES: '500',
      METRICS_RETENTION_DAYS: '7',
      METRICS_RETENTION_SAMPLES: '100',
      METRICS_SCRAPE_INTERVAL: '2.5',
      METRICS_SNAPSHOT_FILE: '/var/lib/tamma/metrics',
      METRICS_PUSH_URL: 'http://push:9091/base',
    }),
    {
      enabled: false,
      host: '127.0.0.1',
      port: 9191,
      path: '/internal/metrics',
      service: 'agents',
      version: '1.2.3',
      environment: 'production',
      token: 's3cret',
      tokenFile: undefined,
      maxSeries: 500,
      retentionDays: 7,
      retentionSamples: 100,
      scrapeIntervalSeconds: 2.5,
      snapshotFile: '/var/lib/tamma/metrics',
      pushUrl: 'http://push:9091/base',
    },
  );
  t.is(loadMetricsConfig({ METRICS_TOKEN_FILE: '/run/token' }).tokenFile, '/run/token');
});

test('the table has each setting once', (t) => {
  t.deepEqual(
    configVariables.map(({ setting }) => setting).sort(),
    (Object.keys(defaults) as (keyof MetricsConfig)[]).sort(),
  );
});

test('an empty or blank variable counts as unset', (t) => {
  t.deepEqual(
    loadMetricsConfig(
      Object.fromEntries(configVariables.map(({ variable }, index) => [variable, index % 2 ? '' : '  '])),
    ),
    defaults,
  );
});

for (const [value, enabled] of [
  ['true', true],
  ['TRUE', true],
  ['1', true],
  ['yes', true],
  ['on', true],
  ['false', false],
  ['0', false],
  ['No', false],
  ['off', false],
] as const) {
  test(`METRICS_ENABLED=${value} is ${enabled}`, (t) => {
    t.is(loadMetricsConfig({ METRICS_ENABLED: value }).enabled, enabled);
  });
}

for (const [variable, values] of [
  ['METRICS_ENABLED', ['maybe', '2']],
  ['METRICS_ENDPOINT', ['http://host', 'two words']],
  ['METRICS_PORT', ['70000', '-1', '80.5', 'http', '0x50']],
  ['METRICS_PATH', ['metrics', '/a b', '/a?b', '/a#b']],
  ['METRICS_MAX_SERIES', ['0', '-5', '1.5', 'many', '1e3']],
  ['METRICS_RETENTION_DAYS', ['0', 'month']],
  ['METRICS_RETENTION_SAMPLES', ['0']],
  ['METRICS_SCRAPE_INTERVAL', ['0', '-1', 'soon', '15m']],
  ['METRICS_PUSH_URL', ['push:9091', 'ftp://push', 'nonsense']],
] as const) {
  for (const value of values) {
    test(`${variable}=${value} is an error that says what was expected`, (t) => {
      const expected = configVariables.find((entry) => entry.variable === variable)?.expected;
      t.throws(() => loadMetricsConfig({ [variable]: value }), {
        code: 'ERR_METRICS_INVALID_CONFIG',
        message: `Invalid configuration: \`${variable}\`: expected ${expected}, received "${value}".`,
      });
    });
  }
}

test('one error lists all that is wrong', (t) => {
  t.throws(
    () =>
      loadMetricsConfig({
        METRICS_PORT: 'x',
        METRICS_PATH: 'y',
        METRICS_TOKEN: 'a',
        METRICS_TOKEN_FILE: 'b',
        METRICS_ENABELD: 'true',
      }),
    {
      code: 'ERR_METRICS_INVALID_CONFIG',
      message: `Invalid configuration, 4 problems:
  - \`METRICS_PORT\`: expected an integer within 0 to 65535, received "x"
  - \`METRICS_PATH\`: expected a path that starts with \`/\` and has no spaces, \`?\` or \`#\`, received "y"
  - \`METRICS_TOKEN\` and \`METRICS_TOKEN_FILE\`: expected one of them, received both
  - \`METRICS_ENABELD\`: expected a known variable, received an unknown one; did you mean \`METRICS_ENABLED\`?`,
    },
  );
});

for (const url of ['http//me:secret@push', 'htp://gw:9091/?token=secret']) {
  test(`a bad Pushgateway is not shown where it may hold a password or a token: ${url}`, (t) => {
    t.throws(() => loadMetricsConfig({ METRICS_PUSH_URL: url }), {
      code: 'ERR_METRICS_INVALID_CONFIG',
      message:
        'Invalid configuration: `METRICS_PUSH_URL`: expected an http or https URL, received a value that is not shown.',
    });
  });
}

test('a bad token is not shown', (t) => {
  const error = t.throws(() => loadMetricsConfig({ METRICS_TOKEN: 'se cret' }), {
    code: 'ERR_METRICS_INVALID_CONFIG',
  });
  t.false(error?.message.includes('cret'));
});

test('variables of others are left alone', (t) => {
  t.notThrows(() =>
    loadMetricsConfig({ PORT: 'x', METRICS_SOMETHING_OF_ANOTHER_TOOL_ENTIRELY: 'x', PATH: '/bin' }),
  );
});

test('settings that are given in code are held to what the environment would be, all of them in one message', (t) => {
  t.deepEqual(metricsConfigOf(), defaultMetricsConfig);
  t.like(
    metricsConfigOf({ service: 'mine', port: 0, path: '/m', enabled: false, scrapeIntervalSeconds: 0.2 }),
    {
      service: 'mine',
      port: 0,
      path: '/m',
      enabled: false,
      scrapeIntervalSeconds: 0.2,
    },
  );
  t.deepEqual(metricsConfigOf(loadMetricsConfig({ METRICS_PORT: '1', METRICS_TOKEN: 'x' })).token, 'x');
  const error = t.throws(
    () =>
      metricsConfigOf({
        servce: 'x',
        path: 'metrics',
        retentionDays: -3,
        maxSeries: '5',
        service: 5,
        token: 'two words',
      } as never),
    { code: 'ERR_METRICS_INVALID_CONFIG' },
  );
  for (const part of [
    '`servce`: expected a known setting, received an unknown one; did you mean `service`?',
    '`path`: expected a path that starts with `/` and has no spaces, `?` or `#`, received "metrics"',
    '`retentionDays`: expected a positive integer of days, received -3',
    '`maxSeries`: expected a positive integer, received "5"',
    '`service`: expected any text, received 5',
    '`token`: expected printable text without spaces, received a value that is not shown',
  ])
    t.true(error?.message.includes(part), part);
});
