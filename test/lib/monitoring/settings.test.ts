/** The options of a bundle, with their defaults. */
import test from 'ava';
import { defaultMetricsConfig } from '../../../lib/config.js';
import { defineCounter } from '../../../lib/define.js';
import { MetricsError } from '../../../lib/errors.js';
import { bundleParts } from '../../../lib/monitoring/bundle-parts.js';
import { type BundleOptions, bundleSettings, holdOf, windowOf } from '../../../lib/monitoring/settings.js';

const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs.' });

test('without options they are those of an empty environment', (t) => {
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

test("the service's settings are taken over: name, port, interval", (t) => {
  const settings = bundleSettings({ config: { service: 'mine', port: 8_080, scrapeIntervalSeconds: 5 } });
  t.like(settings, {
    job: 'mine',
    targets: ['127.0.0.1:8080'],
    prometheus: '127.0.0.1:9090',
    intervals: { scrapeSeconds: 5, evaluationSeconds: 5 },
  });
});

test("a user's definitions can be read beside those of the catalogue, Node and Prometheus", (t) => {
  const { readable, definitions, ownDefinitions } = bundleSettings({
    include: bundleParts,
    definitions: [jobs],
  });
  for (const name of ['jobs_total', 'issues_processed_total', 'up', 'process_resident_memory_bytes'])
    t.true(readable.has(name), name);
  t.true(definitions.includes(jobs));
  t.deepEqual(ownDefinitions, [jobs]);
});

test('windows hold four scrapes at least, and time is shortened by tests', (t) => {
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
  [
    'an option that there is not',
    { target: '3', thresold: {} },
    /Unknown option `thresold` of generateBundle/,
  ],
  ['another Prometheus', { target: '4' }, /expected "2\.42" or "3", received "4"/],
  [
    'a threshold that there is not',
    { thresholds: { workflowFailureShares: 1 } },
    /Did you mean `workflowFailureShare`\?/,
  ],
  [
    'a threshold that is no number',
    { thresholds: { workflowFailureShare: '5' } },
    /expected a number, received "5"/,
  ],
  [
    'a speed at which the shortest window has less than four scrapes',
    { intervals: { scrapeSeconds: 1, speedUp: 76 } },
    /interval `speedUp`.* expected 75 at most with a scrape every 1 s, .* received 76\. Lower it/,
  ],
  ['a speed with slow scrapes', { intervals: { scrapeSeconds: 90, speedUp: 2 } }, /expected 1 at most/],
  ['an interval that there is not', { intervals: { scrapeSecond: 1 } }, /Did you mean `scrapeSeconds`\?/],
  [
    'an interval that is no time',
    { intervals: { repeatSeconds: 0 } },
    /expected a number above 0, received 0/,
  ],
  [
    'a name that the catalogue has in a part of the service',
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
