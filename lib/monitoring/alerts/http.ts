/** Inbound HTTP: responses with 5xx, slow responses, and health checks that fail. */
import { healthCheckStatus } from '../../catalogue/health.js';
import { httpServerRequestDuration as requests } from '../../catalogue/http.js';
import type { Alert } from '../model.js';
import { serverError, workRequests } from '../prometheus/recording-rules.js';
import { jobScope, promql } from '../promql/builder.js';
import type { BundleSettings } from '../settings.js';
import { alertsOf, shareAlerts, slowAlert } from './alert-row.js';
import { growing, steady } from './series-values.js';

export function httpAlerts(settings: BundleSettings): Alert[] {
  const { joined, selector, window, increase, record } = promql(jobScope(settings));
  const limits = settings.thresholds;
  const minimum = limits.httpMinimumRequests;
  const pace = (2 * minimum) / 5;
  const request = { method: 'GET', route: '/items/:id' };
  const answered = (status_code: string) => selector(requests, { ...request, status_code }, '_count');
  const all = increase(requests, [], { window: 300, matches: workRequests });
  const failed = { ...workRequests, status_code: serverError };
  const failures = increase(requests, [], { window: 300, matches: failed });
  const check = { check: 'queue' };
  const status = selector(healthCheckStatus, { ...check, instance: 'a:9090' });
  return alertsOf(settings, { subject: 'http', dashboard: 'overview' }, [
    {
      name: 'HealthCheckFailing',
      // 0.5 is a warning, not a failure.
      expression: `min by (job, check) (max_over_time(${selector(healthCheckStatus)}[${window(300)}])) == 0`,
      hold: 60,
      atMinutes: 25,
      labels: check,
      fires: { [status]: `1x10 ${steady(0, 20)}` },
      quiet: { [status]: `1x10 0x3 0.5x20` },
    },
    ...shareAlerts({
      name: 'HttpErrors',
      pageLimit: limits.httpErrorPageShare,
      ticketLimit: limits.httpErrorShare,
      pageHold: 120,
      expression: (limit, minimumBad) =>
        joined(
          `${record('job:http_server_requests_failed:ratio_rate5m')} > ${limit}`,
          ['and', [], `${all} >= ${minimum}`],
          ['and', [], `${failures} >= ${minimumBad}`],
        ),
      atMinutes: 30,
      series: (bad) => ({
        [answered('200')]: growing(pace * (1 - bad), 40),
        [answered('500')]: growing(pace * bad, 40),
      }),
    }),
    slowAlert(settings, {
      name: 'HttpSlow',
      definition: requests,
      level: 'job_route',
      by: 'route',
      limit: limits.httpSlowSeconds,
      minimum,
      seriesLabels: { ...request, status_code: '200' },
    }),
  ]);
}
