/** Inbound HTTP: answers that are our fault, answers that come late, and health checks that fail. */

import { healthCheckStatus } from '../../catalogue/health.js';
import { httpServerRequestDuration, httpServerRequestsInFlight } from '../../catalogue/http.js';
import type { Alert, AlertCase } from '../model.js';
import { workRequests } from '../probe-routes.js';
import { serverError } from '../prometheus/recording-rules.js';
import { type BundleSettings, holdOf } from '../settings.js';
import { above, growing, steady } from './crafted.js';
import { fewestBad, inJob, joined, percent } from './in-job.js';

const shared = { subject: 'http', dashboard: 'overview' } as const;
const labels = { method: 'GET', route: '/items/:id' };

export function httpAlerts(settings: BundleSettings): Alert[] {
  const { httpErrorPageShare, httpErrorShare } = settings.thresholds;
  return [
    healthCheckFailing(settings),
    errors(settings, 'HttpErrors', 'page', httpErrorPageShare),
    errors(settings, 'HttpErrorsElevated', 'ticket', httpErrorShare),
    slow(settings),
  ];
}

function healthCheckFailing(settings: BundleSettings): Alert {
  const { of, window } = inJob(settings);
  const labels = { check: 'queue' };
  const series = of(healthCheckStatus, { ...labels, instance: 'a:9090' });
  return {
    ...shared,
    name: 'HealthCheckFailing',
    severity: 'ticket',
    // 0.5 warns, and fails nothing.
    expression: `min by (job, check) (max_over_time(${of(healthCheckStatus)}[${window(300)}])) == 0`,
    forSeconds: holdOf(settings, 60),
    summary: 'The health check {{ $labels.check }} fails',
    description: `The health check {{ $labels.check }} of a process of {{ $labels.job }} has failed each time within ${window(300)} (status {{ $value }}).`,
    runbook: {
      meaning:
        'A check that the service makes of itself fails: what it looks at does not work. Where it is a check of readiness, the process takes no requests meanwhile.',
      query: `min by (instance, check) (${of(healthCheckStatus)})`,
      causes: [
        'What the check looks at is down, full or slow: a store, a queue, a disk, an API.',
        'The check itself is wrong, or gives up too early: `health_check_duration_seconds` is at its time-out.',
      ],
      actions: [
        'Run the query: one process or all.',
        '`curl http://INSTANCE/health` says what the check answered.',
        'Fix what it looks at; one process alone can be restarted.',
      ],
    },
    tests: {
      fires: {
        series: { [series]: `1x10 ${steady(0, 20)}` },
        atMinutes: 25,
        labels: [{ job: settings.job, ...labels }],
      },
      quiet: { series: { [series]: `1x10 0x3 0.5x20` }, atMinutes: 25 },
    },
  };
}

function errors(settings: BundleSettings, name: string, severity: 'page' | 'ticket', limit: number): Alert {
  const { of, window, increase, record } = inJob(settings);
  const { httpMinimumRequests: minimum } = settings.thresholds;
  const isPage = severity === 'page';
  const pace = (2 * minimum) / 5;
  const series = (failed: number): AlertCase['series'] => ({
    [of(httpServerRequestDuration, { ...labels, status_code: '200' }, '_count')]: growing(
      pace * (1 - failed),
      40,
    ),
    [of(httpServerRequestDuration, { ...labels, status_code: '500' }, '_count')]: growing(pace * failed, 40),
  });
  return {
    ...shared,
    name,
    severity,
    expression: joined(
      joined(
        `${record('job:http_server_requests_failed:ratio_rate5m')} > ${limit}`,
        'and',
        [],
        `${increase(httpServerRequestDuration, [], 300, workRequests, '_count')} >= ${minimum}`,
      ),
      'and',
      [],
      `${increase(httpServerRequestDuration, [], 300, { ...workRequests, status_code: serverError }, '_count')} >= ${fewestBad[severity]}`,
    ),
    forSeconds: holdOf(settings, isPage ? 120 : 900),
    summary: isPage
      ? '{{ $labels.job }} answers with errors'
      : '{{ $labels.job }} answers with more errors than it should',
    description: `{{ $value | humanizePercentage }} of the requests to {{ $labels.job }} were answered with 5xx over ${window(300)} (limit ${percent(limit)}, at least ${minimum} requests).`,
    runbook: {
      meaning: isPage
        ? 'A large part of the inbound requests ends in 5xx: users and webhooks are turned away.'
        : 'Some inbound requests end in 5xx. Often it is one route.',
      query: `topk(5, sum by (route, status_code) (rate(${of(httpServerRequestDuration, { status_code: { raw: '=~"5.."' } }, '_count')}[5m])))`,
      causes: [
        'A handler throws since a deployment: one route leads.',
        'What handlers need is down: all routes that need it fail.',
        'The process is overloaded: 503, with EventLoopLag or MemoryHigh beside it.',
      ],
      actions: [
        'Run the query: one route or many, 500 or 503.',
        'Read the stack traces of that route in the log; roll back if they began with a deployment.',
        'Many routes: see `health_check_status` for the check that fails, and mend what it looks at.',
        '503 and load: add processes, or shed what can wait.',
      ],
    },
    tests: {
      fires: { series: series(above(limit)), atMinutes: 30, labels: [{ job: settings.job }] },
      quiet: { series: series(limit / 2), atMinutes: 30 },
    },
  };
}

function slow(settings: BundleSettings): Alert {
  const { of, window, increase, record } = inJob(settings);
  const { httpMinimumRequests: minimum, httpSlowSeconds: limit } = settings.thresholds;
  const pace = (2 * minimum) / 5;
  const { buckets } = httpServerRequestDuration;
  const series = (fast: number): AlertCase['series'] => {
    const bucket = (le: string) =>
      of(httpServerRequestDuration, { ...labels, status_code: '200', le }, '_bucket');
    return {
      [bucket(String(buckets[0]))]: growing(fast, 40),
      [bucket(String(buckets.at(-1)))]: growing(fast, 40),
      [bucket('+Inf')]: growing(pace, 40),
      [of(httpServerRequestDuration, { ...labels, status_code: '200' }, '_count')]: growing(pace, 40),
    };
  };
  return {
    ...shared,
    name: 'HttpSlow',
    severity: 'ticket',
    expression: joined(
      `${record('job_route:http_server_request_duration_seconds:p95_rate5m')} > ${limit}`,
      'and',
      ['route'],
      `${increase(httpServerRequestDuration, ['route'], 300, {}, '_count')} >= ${minimum}`,
    ),
    forSeconds: holdOf(settings, 600),
    summary: 'Requests to {{ $labels.route }} take long',
    description: `The 95th percentile of the requests to {{ $labels.route }} is {{ $value | humanizeDuration }} over ${window(300)} (limit ${limit} s).`,
    runbook: {
      meaning:
        'One request in twenty to a route takes longer than the limit, to the end of its body. Whoever sends a webhook rarely waits more than ten seconds.',
      query: `histogram_quantile(0.95, sum by (route, method, le) (rate(${of(httpServerRequestDuration, {}, '_bucket')}[5m])))`,
      causes: [
        'The handler waits for something slow: another service, a store.',
        'The event loop is blocked: all routes are slow, and EventLoopLag fires.',
        'Bodies are large, or clients read slowly: the time to the first byte is short.',
      ],
      actions: [
        'Run the query: one route or all.',
        'Compare with `http_server_time_to_first_byte_seconds`: short means that the body or the client takes the time.',
        `All routes: begin with EventLoopLag, and see how many are in progress: \`${of(httpServerRequestsInFlight)}\`.`,
        'One route that takes webhooks: answer 202 at once, and work from a queue.',
      ],
    },
    tests: {
      fires: {
        series: series(0),
        atMinutes: 30,
        labels: [{ job: settings.job, route: labels.route }],
      },
      quiet: { series: series(pace), atMinutes: 30 },
    },
  };
}
