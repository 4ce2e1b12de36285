/** Options of the example's bundle, for `tamma-metrics bundle --config`. */
import { type Alert, type BundleOptions, bundleParts, defineSlo } from '@tamma/observability/monitoring';
import { queueWait } from '../service/queue-wait.js';

/** An objective for a metric of the service's own: it gets rules, alerts, tests and a row on the SLO dashboard. */
const issuesTakenSoon = defineSlo({
  name: 'issues-taken-soon',
  description: 'Issues are taken up within half a minute.',
  objective: 0.95,
  latency: { metric: queueWait, thresholdSeconds: 30 },
  by: ['queue_name'],
});

const issuesWaitLong: Alert = {
  name: 'IssuesWaitLong',
  subject: 'own',
  severity: 'ticket',
  expression:
    'histogram_quantile(0.95, sum by (job, queue_name, le) (rate(queue_wait_seconds_bucket{job="tamma"}[5m]))) > 120',
  forSeconds: 600,
  summary: 'Issues wait long in {{ $labels.queue_name }}',
  description: 'One in twenty waits {{ $value | humanizeDuration }} or longer (limit 2m).',
  dashboard: 'overview',
  runbook: {
    meaning: 'Issues come faster than the workers of a queue finish them.',
    query: 'sum by (queue_name) (queue_depth{job="tamma"})',
    causes: ['Many issues at once.', 'An AI provider or a platform is slow, and so is every run.'],
    actions: ['See whether AiSlow fires.', 'Give the queue more workers.'],
  },
  tests: {
    fires: {
      series: {
        'queue_wait_seconds_bucket{job="tamma",queue_name="github-issues",le="120"}': '0+1x30',
        'queue_wait_seconds_bucket{job="tamma",queue_name="github-issues",le="600"}': '0+9x30',
        'queue_wait_seconds_bucket{job="tamma",queue_name="github-issues",le="+Inf"}': '0+9x30',
      },
      atMinutes: 25,
      labels: [{ job: 'tamma', queue_name: 'github-issues' }],
    },
    quiet: {
      series: {
        'queue_wait_seconds_bucket{job="tamma",queue_name="github-issues",le="1"}': '0+9x30',
        'queue_wait_seconds_bucket{job="tamma",queue_name="github-issues",le="+Inf"}': '0+9x30',
      },
      atMinutes: 25,
    },
  },
};

export const bundle: BundleOptions = {
  // The address on which `npm start` listens.
  targets: ['127.0.0.1:3000'],
  config: { port: 3000 },
  // All parts, with workflows, AI providers and git platforms.
  include: bundleParts,
  definitions: [queueWait],
  slos: [issuesTakenSoon],
  alerts: [issuesWaitLong],
  // A demonstration sends no notifications: Alertmanager's UI and `tamma-metrics up` show what fires.
  receivers: { pager: 'nowhere', escalation: 'nowhere', tickets: 'nowhere', deadMansSwitch: 'nowhere' },
  thresholds: {
    // A queue has space for 100, and /ready warns from 80 on.
    queueDepth: 80,
    // The sandbox costs nothing, and replays a month of webhooks within minutes.
    aiMonthlyBudgetUsd: 100_000,
  },
};
