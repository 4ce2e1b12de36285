/** What the story asks for, in short, with the tests that show it. `README.md` shows it as a table. */

export interface NamedTest {
  /** Path from the root of the package. */
  readonly file: string;
  readonly test: string;
}

export interface Criterion {
  readonly criterion: string;
  readonly shownBy: readonly NamedTest[];
}

const by = (file: string, test: string): NamedTest => ({ file: `test/${file}`, test });

const catalogueByName = by(
  'story/collector.test.ts',
  'a new collector records the platform’s metrics by name, without registration',
);
const endpointAnswers = by(
  'story/metrics-endpoint.test.ts',
  'GET /metrics returns what the collector recorded',
);
const overhead = by(
  'story/success-metrics.test.ts',
  'recording a request takes less than 1 % of the duration of a request over loopback',
);
const scrapedEvery15Seconds = by(
  'lib/monitoring/prometheus/prometheus-files.test.ts',
  'service, Prometheus and Alertmanager are scraped every 15 s, alerts go to Alertmanager',
);
const alertsAreTested = by(
  'lib/monitoring/bundle-tools.test.ts',
  'every alert has one test in which it fires and one in which it is quiet',
);
const thresholds = by('lib/monitoring/alerts/alerts.test.ts', 'every threshold changes a rule');
const dashboards = by(
  'lib/monitoring/dashboards/dashboards.test.ts',
  'the files are six dashboards and their provisioning',
);
const retentionInBundle = by(
  'story/config.test.ts',
  'retention: metrics sets the days that Prometheus keeps metrics, in the bundle',
);
const everyCounter = by(
  'examples/service.system.test.ts',
  'the replayed payloads increase every counter, and SIGINT waits for work in progress before it ends the process',
);

export const criteria: Readonly<Record<string, readonly Criterion[]>> = {
  'Acceptance criteria': [
    {
      criterion: 'Built on prom-client',
      shownBy: [
        by('lib/prom-client.test.ts', "prom-client's AggregatorRegistry accepts the registry of a worker"),
      ],
    },
    { criterion: 'The four counters of issues, pull requests and escalations', shownBy: [catalogueByName] },
    { criterion: 'The three gauges of loops, approvals and queues', shownBy: [catalogueByName] },
    { criterion: 'The three histograms of issues, AI requests and tests', shownBy: [catalogueByName] },
    { criterion: '`GET /metrics` in Prometheus’ format', shownBy: [endpointAnswers] },
    {
      criterion: 'Labels for provider, platform, kind of issue and outcome',
      shownBy: [
        by(
          'story/interfaces.test.ts',
          'MetricLabels: each label reaches the metric that declares it, in snake case',
        ),
      ],
    },
    {
      criterion: 'Scraped, or pushed, every 15 seconds',
      shownBy: [
        scrapedEvery15Seconds,
        by(
          'lib/push/pushgateway.test.ts',
          'each interval pushes the current numbers, and no connection is kept in between',
        ),
      ],
    },
    { criterion: 'Under 1 % overhead', shownBy: [overhead] },
    {
      criterion: 'Retention and aggregation',
      shownBy: [
        retentionInBundle,
        by('story/aggregation.test.ts', 'aggregate() without metrics reads the registry'),
      ],
    },
    { criterion: 'Alerts on thresholds', shownBy: [thresholds, alertsAreTested] },
  ],
  'Success metrics: coverage': [
    { criterion: 'Critical business processes', shownBy: [everyCounter] },
    {
      criterion: 'System health',
      shownBy: [
        by(
          'middleware/health-router.test.ts',
          'GET /ready is 200 while the service is ready or degraded, and 503 while it is not',
        ),
      ],
    },
    {
      criterion: 'Performance',
      shownBy: [
        by(
          'middleware/create-metrics.test.ts',
          'a service measures requests, recorders, outgoing requests, derived gauges, Node and health from start to stop',
        ),
      ],
    },
    {
      criterion: 'Errors by kind, severity and component',
      shownBy: [
        by(
          'story/workflow-metrics.test.ts',
          'recordWorkflowError(context, error) counts a failure and the error by its class, and ends the run',
        ),
      ],
    },
    {
      criterion: 'Custom business metrics',
      shownBy: [
        by('story/interfaces.test.ts', 'MetricDefinition: plain objects of each type can be registered'),
      ],
    },
  ],
  'Success metrics: performance': [
    { criterion: 'Under 1 % overhead', shownBy: [overhead] },
    {
      criterion: 'Under 10 ms per operation',
      shownBy: [by('story/success-metrics.test.ts', 'every recorder and preset takes less than 10 ms')],
    },
    {
      criterion: 'Under 100 MB of memory',
      shownBy: [
        by(
          'story/success-metrics.test.ts',
          '20,000 series of the catalogue take less than 20 MB, a fifth of the limit, also after a scrape',
        ),
      ],
    },
    {
      criterion: 'Under 1 MB of export per minute',
      shownBy: [
        by(
          'story/success-metrics.test.ts',
          'scrapes of 5,000 series every 15 seconds transfer less than 1 MB per minute',
        ),
      ],
    },
  ],
  'Success metrics: operation': [
    { criterion: 'Scraping works', shownBy: [scrapedEvery15Seconds, endpointAnswers] },
    { criterion: 'Alerts are configured and tested', shownBy: [alertsAreTested] },
    { criterion: 'Retention', shownBy: [retentionInBundle] },
    { criterion: 'Dashboards', shownBy: [dashboards] },
    {
      criterion: 'The metrics system is monitored',
      shownBy: [
        by(
          'middleware/metrics-router-http.test.ts',
          'scrapes have metrics of their duration, size and number in progress',
        ),
      ],
    },
  ],
  'Completion criteria': [
    {
      criterion: 'Collector',
      shownBy: [
        by(
          'story/collector.test.ts',
          'a collector needs no arguments, and a second one has the same metrics',
        ),
      ],
    },
    { criterion: 'Business metrics defined and collected', shownBy: [catalogueByName, everyCounter] },
    { criterion: 'HTTP endpoint', shownBy: [endpointAnswers] },
    { criterion: 'Under 1 % overhead', shownBy: [overhead] },
    { criterion: 'Scraping configured', shownBy: [scrapedEvery15Seconds] },
    { criterion: 'Alerting rules', shownBy: [alertsAreTested] },
    { criterion: 'Dashboards', shownBy: [dashboards] },
    {
      criterion: 'Tests for everything',
      shownBy: [by('story/members.test.ts', 'every member is used by the test that members.ts names')],
    },
    {
      criterion: 'Documentation',
      shownBy: [
        by('docs/readme.test.ts', 'README has at most 150 lines'),
        by('docs/readme.test.ts', 'the targets of the links in the root documents exist'),
      ],
    },
    {
      criterion: 'Deployment to production',
      shownBy: [
        by(
          'lib/monitoring/deploy/deployment-files.test.ts',
          'Prometheus has the retention, and Alertmanager the configuration of the bundle',
        ),
        by(
          'lib/monitoring/deploy/deployment-files.test.ts',
          'the operator scrapes with the path, interval, job, limits and token of prometheus.yml',
        ),
      ],
    },
  ],
};
