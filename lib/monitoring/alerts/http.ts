/** Inbound HTTP: responses with 5xx, slow responses, and health checks that fail. */
import { healthCheckStatus } from '../../catalogue/health.js';
import { httpServerRequestDuration } from '../../catalogue/http.js';
import type { Alert } from '../model.js';
import { workRequests } from '../probe-routes.js';
import { serverError } from '../prometheus/recording-rules.js';
import { jobScope, promql } from '../promql/builder.js';
import type { BundleSettings } from '../settings.js';
import { alertsOf, shareAlerts, slowAlert } from './alert-row.js';
import { growing, steady } from './series-values.js';

const request = { method: 'GET', route: '/items/:id' };

export function httpAlerts(settings: BundleSettings): Alert[] {
  const { joined, selector, window, increase, record } = promql(jobScope(settings));
  const {
    httpErrorPageShare: pageLimit,
    httpErrorShare: ticketLimit,
    httpMinimumRequests: minimum,
    httpSlowSeconds,
  } = settings.thresholds;
  const past = window(300);
  const check = { check: 'queue' };
  const status = selector(healthCheckStatus, { ...check, instance: 'a:9090' });
  const requests = (status_code: string): string =>
    selector(httpServerRequestDuration, { ...request, status_code }, '_count');
  const pace = (2 * minimum) / 5;
  const all = increase(httpServerRequestDuration, [], { window: 300, matches: workRequests });
  const failed = { ...workRequests, status_code: serverError };
  const failures = increase(httpServerRequestDuration, [], { window: 300, matches: failed });
  return alertsOf(settings, { subject: 'http', dashboard: 'overview' }, [
    {
      name: 'HealthCheckFailing',
      // 0.5 is a warning, not a failure.
      expression: `min by (job, check) (max_over_time(${selector(healthCheckStatus)}[${past}])) == 0`,
      hold: 60,
      summary: 'The health check {{ $labels.check }} fails',
      description: `The health check {{ $labels.check }} of a process of {{ $labels.job }} has failed throughout ${past} (status {{ $value }}).`,
      atMinutes: 25,
      labels: check,
      fires: { [status]: `1x10 ${steady(0, 20)}` },
      quiet: { [status]: `1x10 0x3 0.5x20` },
    },
    ...shareAlerts({
      name: 'HttpErrors',
      pageLimit,
      ticketLimit,
      pageHold: 120,
      pageSummary: '{{ $labels.job }} answers many requests with 5xx',
      ticketSummary: '{{ $labels.job }} answers some requests with 5xx',
      expression: (limit, minimumBad) =>
        joined(
          `${record('job:http_server_requests_failed:ratio_rate5m')} > ${limit}`,
          ['and', [], `${all} >= ${minimum}`],
          ['and', [], `${failures} >= ${minimumBad}`],
        ),
      description: (limit) =>
        `{{ $value | humanizePercentage }} of the requests to {{ $labels.job }} were answered with 5xx over ${past} (limit ${limit}, at least ${minimum} requests).`,
      atMinutes: 30,
      series: (bad) => ({
        [requests('200')]: growing(pace * (1 - bad), 40),
        [requests('500')]: growing(pace * bad, 40),
      }),
    }),
    slowAlert(settings, {
      name: 'HttpSlow',
      definition: httpServerRequestDuration,
      level: 'job_route',
      by: 'route',
      limit: httpSlowSeconds,
      minimum,
      seriesLabels: { ...request, status_code: '200' },
      summary: 'Requests to {{ $labels.route }} are slow',
      description: `The 95th percentile of the duration of requests to {{ $labels.route }} is {{ $value | humanizeDuration }} over ${past} (limit ${httpSlowSeconds} s).`,
    }),
  ]);
}
