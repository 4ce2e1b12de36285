import test from 'ava';
import { defaultMetricsConfig, loadMetricsConfig, metricsConfigOf } from '../../lib/config.js';
import type { MetricsConfig } from '../../lib/config-settings.js';
import { configVariables } from '../../lib/config-variables.js';

const durations = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600];
const defaults: MetricsConfig = {
  enabled: true,
  endpoint: '0.0.0.0',
  port: 9090,
  path: '/metrics',
  labels: { service: 'tamma', version: 'unknown', environment: 'development' },
  buckets: {
    duration: durations,
    size: [1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216],
    throughput: [0.1, 0.5, 1, 5, 10, 50, 100, 500, 1000],
  },
  retention: { metrics: 30, samples: 10_000 },
  token: undefined,
  tokenFile: undefined,
  maxSeries: 1000,
  scrapeIntervalSeconds: 15,
  snapshotFile: undefined,
  viewsFile: undefined,
  nativeHistograms: false,
  exemplars: true,
  pushUrl: undefined,
};

/** Alternative names of settings. */
const aliases = {
  host: 'endpoint',
  service: 'labels.service',
  version: 'labels.version',
  environment: 'labels.environment',
  retentionDays: 'retention.metrics',
  retentionSamples: 'retention.samples',
} as const;

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
      METRICS_VIEWS_FILE: '/etc/tamma/views.json',
      METRICS_NATIVE_HISTOGRAMS: 'on',
      METRICS_EXEMPLARS: 'off',
      METRICS_PUSH_URL: 'http://push:9091/base',
    }),
    {
      enabled: false,
      endpoint: '127.0.0.1',
      port: 9191,
      path: '/internal/metrics',
      labels: { service: 'agents', version: '1.2.3', environment: 'production' },
      buckets: defaults.buckets,
      retention: { metrics: 7, samples: 100 },
      token: 's3cret',
      tokenFile: undefined,
      maxSeries: 500,
      scrapeIntervalSeconds: 2.5,
      snapshotFile: '/var/lib/tamma/metrics',
      viewsFile: '/etc/tamma/views.json',
      nativeHistograms: true,
      exemplars: false,
      pushUrl: 'http://push:9091/base',
    },
  );
  t.is(loadMetricsConfig({ METRICS_TOKEN_FILE: '/run/token' }).tokenFile, '/run/token');
});

test('the table of variables has every setting except the buckets, once', (t) => {
  const { buckets, labels, retention, ...rest } = defaults;
  t.deepEqual(
    configVariables.map(({ setting }) => setting).sort(),
    [
      ...Object.keys(rest),
      ...Object.keys(labels).map((name) => `labels.${name}`),
      ...Object.keys(retention).map((name) => `retention.${name}`),
    ].sort(),
  );
  t.deepEqual(
    Object.fromEntries(configVariables.flatMap(({ alias, setting }) => (alias ? [[alias, setting]] : []))),
    aliases,
  );
});

test('alternative names of settings are readable, and not part of a copy', (t) => {
  const config = loadMetricsConfig({
    SERVICE_NAME: 'agents',
    METRICS_ENDPOINT: '::1',
    METRICS_RETENTION_DAYS: '7',
  });
  t.is(config.service, 'agents');
  t.is(config.host, '::1');
  t.is(config.retentionDays, 7);
  t.is(metricsConfigOf({ ...config, labels: { service: 'other' } }).service, 'other');
  t.is(metricsConfigOf({ ...config, service: 'other' }).labels.service, 'other');
  t.is(metricsConfigOf(config).service, 'agents');
});

test('missing settings of a group have their defaults, and other labels are kept', (t) => {
  const config = metricsConfigOf({ labels: { team: 'delivery' }, retention: { metrics: 7, samples: 10 } });
  t.deepEqual(config.labels, { ...defaults.labels, team: 'delivery' });
  t.deepEqual(config.retention, { metrics: 7, samples: 10 });
  const based = metricsConfigOf(
    { port: 1 },
    loadMetricsConfig({ SERVICE_NAME: 'agents', METRICS_PORT: '2' }),
  );
  t.is(based.service, 'agents');
  t.is(based.port, 1);
});

for (const [own, message] of [
  [
    { buckets: { duration: [1, 1] } },
    '`buckets.duration`: expected ascending finite numbers, received [1, 1]',
  ],
  [
    { buckets: { durations: [1] } },
    '`buckets.durations`: expected a known setting, received an unknown one; did you mean `duration`?',
  ],
  [{ retention: { days: 1 } }, '`retention.days`: expected a known setting, received an unknown one'],
  [{ retention: { metrics: 0 } }, '`retention.metrics`: expected a positive integer of days, received 0'],
  [{ labels: { 'a-b': 'x' } }, '`labels.a-b`: expected a label name and text, received "x"'],
] as const) {
  test(`refused: ${message}`, (t) => {
    t.throws(() => metricsConfigOf(own as never), {
      code: 'ERR_METRICS_INVALID_CONFIG',
      message: `Invalid configuration: ${message}.`,
    });
  });
}

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
  [
    'METRICS_ENDPOINT',
    ['http://host', 'two words', 'localhost:80', '10.0.0.1:9090', '10.0.0.256', '[::1', ':::'],
  ],
  ['METRICS_PORT', ['70000', '-1', '80.5', 'http', '0x50']],
  [
    'METRICS_PATH',
    [
      'metrics',
      '/a b',
      '/a?b',
      '/a#b',
      '/:app',
      '/(a+)+$',
      '/*',
      '/m*',
      '/met{rics',
      '/metrics/',
      '//metrics',
      '/a/../metrics',
      '/health',
      '/ready',
      '/livez',
      '/livez/ping',
      '/readyz',
      '/READYZ',
      '/readyz/database',
    ],
  ],
  ['METRICS_MAX_SERIES', ['0', '-5', '1.5', 'many', '1e3']],
  ['METRICS_RETENTION_DAYS', ['0', 'month']],
  ['METRICS_RETENTION_SAMPLES', ['0']],
  ['METRICS_SCRAPE_INTERVAL', ['0', '-1', 'soon', '15m', '1e-7', '0.0000001', '86401']],
  ['METRICS_TOKEN_FILE', ['/run/secrets/']],
  ['METRICS_SNAPSHOT_FILE', ['/var/lib/tamma/']],
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

test('one error lists all problems', (t) => {
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
  - \`METRICS_PATH\`: expected a path such as \`/metrics\`: letters, digits, \`_\`, \`.\`, \`~\`, \`-\` between single slashes, and not a path of the health endpoints, received "y"
  - \`METRICS_TOKEN\` and \`METRICS_TOKEN_FILE\`: expected one of them, received both
  - \`METRICS_ENABELD\`: expected a known variable, received an unknown one; did you mean \`METRICS_ENABLED\`?`,
    },
  );
});

for (const url of ['http//me:secret@push', 'htp://gw:9091/?token=secret']) {
  test(`an invalid Pushgateway URL is not shown, as it may contain a password: ${url}`, (t) => {
    t.throws(() => loadMetricsConfig({ METRICS_PUSH_URL: url }), {
      code: 'ERR_METRICS_INVALID_CONFIG',
      message:
        'Invalid configuration: `METRICS_PUSH_URL`: expected an http or https URL, received a value that is not shown.',
    });
  });
}

for (const [variable, value] of [
  ['METRICS_ENDPOINT', '::1'],
  ['METRICS_ENDPOINT', '[::1]'],
  ['METRICS_ENDPOINT', 'metrics.internal'],
  ['METRICS_PATH', '/'],
  ['METRICS_PATH', '/internal/v1.2/metrics_~-'],
  ['METRICS_PATH', '/healthy'],
  ['METRICS_SCRAPE_INTERVAL', '0.1'],
  ['METRICS_SCRAPE_INTERVAL', '86400'],
] as const) {
  test(`${variable}=${value} is accepted`, (t) => {
    t.notThrows(() => loadMetricsConfig({ [variable]: value }));
  });
}

test('the variables that Kubernetes sets for a Service named metrics are explained', (t) => {
  const env = {
    METRICS_SERVICE_HOST: '10.0.0.1',
    METRICS_SERVICE_PORT: '9090',
    METRICS_PORT: 'tcp://10.0.0.1:9090',
    METRICS_PORT_9090_TCP: 'tcp://10.0.0.1:9090',
    METRICS_PORT_9090_TCP_PROTO: 'tcp',
    METRICS_PORT_9090_TCP_PORT: '9090',
    METRICS_PORT_9090_TCP_ADDR: '10.0.0.1',
  };
  t.throws(() => loadMetricsConfig(env), {
    code: 'ERR_METRICS_INVALID_CONFIG',
    message:
      'Invalid configuration: `METRICS_PORT`: expected an integer within 0 to 65535, received "tcp://10.0.0.1:9090". Kubernetes sets this variable for a Service named `metrics`: rename the Service, set `enableServiceLinks: false` in the pod, or set METRICS_PORT there.',
  });
  t.is(loadMetricsConfig({ ...env, METRICS_PORT: '9090' }).port, 9090);
});

test('an invalid token is not shown', (t) => {
  const error = t.throws(() => loadMetricsConfig({ METRICS_TOKEN: 'se cret' }), {
    code: 'ERR_METRICS_INVALID_CONFIG',
  });
  t.false(error?.message.includes('cret'));
});

test('unrelated variables are ignored', (t) => {
  t.notThrows(() =>
    loadMetricsConfig({ PORT: 'x', METRICS_SOMETHING_OF_ANOTHER_TOOL_ENTIRELY: 'x', PATH: '/bin' }),
  );
});

test('settings in code are checked like those of the environment, with all problems in one message', (t) => {
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
    '`path`: expected a path such as `/metrics`: letters, digits, `_`, `.`, `~`, `-` between single slashes, and not a path of the health endpoints, received "metrics"',
    '`retentionDays`: expected a positive integer of days, received -3',
    '`maxSeries`: expected a positive integer, received "5"',
    '`service`: expected any text, received 5',
    '`token`: expected printable text without spaces, received a value that is not shown',
  ])
    t.true(error?.message.includes(part), part);
});

test('settings, or a group of them, that are not an object are an invalid configuration', (t) => {
  for (const [given, name] of [
    [null, 'config'],
    [{ labels: null }, 'labels'],
    [{ buckets: null }, 'buckets'],
    [{ retention: 'long' }, 'retention'],
  ] as const) {
    t.throws(() => metricsConfigOf(given as never), {
      code: 'ERR_METRICS_INVALID_CONFIG',
      message: new RegExp(`^Invalid configuration: \`${name}\`: expected an object, received `),
    });
  }
});

test('a setting under its alternative name overrides the other, unless it is undefined', (t) => {
  t.is(metricsConfigOf({ endpoint: '127.0.0.1', host: '::1' }).endpoint, '::1');
  t.is(metricsConfigOf({ endpoint: '127.0.0.1', host: undefined } as never).endpoint, '127.0.0.1');
});
