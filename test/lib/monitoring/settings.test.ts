/** The options of a bundle, with their defaults. */
import test from 'ava';
import { defaultMetricsConfig } from '../../../lib/config.js';
import { defineCounter } from '../../../lib/define.js';
import { MetricsError } from '../../../lib/errors.js';
import { bundleParts } from '../../../lib/monitoring/bundle-parts.js';
import { type BundleOptions, bundleSettings, holdOf, windowOf } from '../../../lib/monitoring/settings.js';

const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs.' });

test('without options the settings are those of an empty environment', (t) => {
  const settings = bundleSettings();
  t.like(settings, {
    config: defaultMetricsConfig,
    job: 'tamma',
    targets: ['127.0.0.1:9090'],
    prometheus: '127.0.0.1:9091',
    alertmanager: '127.0.0.1:9093',
    target: '2.42',
    ownDefinitions: [],
    intervals: { scrapeSeconds: 15, evaluationSeconds: 15, speedUp: 1 },
  });
  t.true(Object.isFrozen(settings));
});

test("name, port and interval come from the service's settings", (t) => {
  const settings = bundleSettings({ config: { service: 'mine', port: 8_080, scrapeIntervalSeconds: 5 } });
  t.like(settings, {
    job: 'mine',
    targets: ['127.0.0.1:8080'],
    prometheus: '127.0.0.1:9090',
    intervals: { scrapeSeconds: 5, evaluationSeconds: 5 },
  });
});

test("rules can read the user's definitions and those of the catalogue, Node and Prometheus", (t) => {
  const { readable, definitions, ownDefinitions } = bundleSettings({
    include: bundleParts,
    definitions: [jobs],
  });
  for (const name of ['jobs_total', 'issues_processed_total', 'up', 'process_resident_memory_bytes'])
    t.true(readable.has(name), name);
  t.true(definitions.includes(jobs));
  t.deepEqual(ownDefinitions, [jobs]);
});

test('a window contains at least four scrapes, and `speedUp` shortens it', (t) => {
  t.is(windowOf(bundleSettings(), 300), '5m');
  t.is(windowOf(bundleSettings(), 30), '1m');
  const fast = bundleSettings({ intervals: { scrapeSeconds: 0.5, speedUp: 60 } });
  t.is(windowOf(fast, 3_600), '1m');
  t.is(windowOf(fast, 60), '2s');
  t.is(holdOf(fast, 120), 2);
  t.is(windowOf(bundleSettings({ intervals: { scrapeSeconds: 90 } }), 300), '6m');
  t.notThrows(() => bundleSettings({ intervals: { scrapeSeconds: 1, speedUp: 75, groupWaitSeconds: 0 } }));
});

for (const [what, options, message] of [
  ...['a"b', 'a\\b', 'my {{x}}', 'a\nb', ''].map(
    (service) =>
      [
        `a service called ${JSON.stringify(service)}`,
        { config: { service } },
        /Invalid name of the service \(SERVICE_NAME\) .* expected a name without quotes/,
      ] as const,
  ),
  ['an unknown option', { target: '3', thresold: {} }, /Unknown option `thresold` of generateBundle/],
  ['an unknown version of Prometheus', { target: '4' }, /expected "2\.42" or "3", received "4"/],
  [
    'an unknown threshold',
    { thresholds: { workflowFailureShares: 1 } },
    /Did you mean `workflowFailureShare`\?/,
  ],
  [
    'a threshold that is not a number',
    { thresholds: { workflowFailureShare: '5' } },
    /expected a number, received "5"/,
  ],
  [
    'a `speedUp` for which the shortest window has fewer than four scrapes',
    { intervals: { scrapeSeconds: 1, speedUp: 76 } },
    /interval `speedUp`.* expected at most 75 with a scrape every 1 s, .* received 76\. Lower it/,
  ],
  [
    'a `speedUp` with slow scrapes',
    { intervals: { scrapeSeconds: 90, speedUp: 2 } },
    /expected at most 1 with/,
  ],
  ['an unknown interval', { intervals: { scrapeSecond: 1 } }, /Did you mean `scrapeSeconds`\?/],
  ['an interval of 0', { intervals: { repeatSeconds: 0 } }, /expected a number above 0, received 0/],
  [
    'a name that the catalogue uses in a part of the service',
    {
      include: ['workflow'],
      definitions: [defineCounter({ name: 'issues_processed_total', help: 'X.' })],
    },
    /expected a name that no other metric has, received "issues_processed_total"/,
  ],
] as const) {
  test(`${what} is an error`, (t) => {
    t.throws(() => bundleSettings(options as unknown as BundleOptions), {
      instanceOf: MetricsError,
      message,
    });
  });
}
