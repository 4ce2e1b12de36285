/** The processes of the service as Prometheus sees them. */
import { up } from '../foreign.js';
import type { Alert } from '../model.js';
import { type BundleSettings, holdOf } from '../settings.js';
import { steady } from './crafted.js';
import { inJob } from './in-job.js';

export function targetAlerts(settings: BundleSettings): Alert[] {
  const { of } = inJob(settings);
  const { job } = settings;
  const shared = { subject: 'targets', dashboard: 'overview' } as const;
  const [first, second] = [of(up, { instance: 'a:9090' }), of(up, { instance: 'b:9090' })];
  return [
    {
      ...shared,
      name: 'TargetDown',
      severity: 'ticket',
      expression: `${of(up)} == 0`,
      forSeconds: holdOf(settings, 120),
      summary: '{{ $labels.instance }} of {{ $labels.job }} cannot be scraped',
      description:
        'Prometheus has had no answer from the metrics endpoint of {{ $labels.instance }} for two minutes or more. What the process does is not seen; others of the service may be up.',
      runbook: {
        meaning:
          'One process of the service does not answer on its metrics endpoint. Where it is the only one, TargetsDown fires too.',
        query: of(up),
        causes: [
          'The process has ended, hangs, or is being started anew.',
          'The metrics server listens on another address or port (METRICS_ENDPOINT, METRICS_PORT, METRICS_PATH).',
          'The token that Prometheus shows is not that of the service: the scrape is answered 401.',
          'The answer takes longer than the scrape timeout, or has more samples than the limit.',
        ],
        actions: [
          "Read the error on Prometheus' page of targets (`/targets`): refused, timed out, 401 and too many samples are told apart there.",
          'Refused: see whether the process runs, and its last log lines; start it anew if it is gone.',
          'Timed out: `curl -m 10 http://INSTANCE/livez`. No answer either means that the event loop is blocked: take a CPU profile, then restart.',
          'A 401: compare METRICS_TOKEN_FILE of the service with the token file of Prometheus.',
        ],
      },
      tests: {
        fires: {
          series: { [first]: `1+0x3 ${steady(0, 10)}`, [second]: steady(1, 14) },
          atMinutes: 10,
          labels: [{ job, instance: 'a:9090' }],
        },
        quiet: { series: { [first]: `1 0 ${steady(1, 10)}`, [second]: steady(1, 12) }, atMinutes: 10 },
      },
    },
    {
      ...shared,
      name: 'TargetsDown',
      severity: 'page',
      expression: `max by (job) (${of(up)}) == 0`,
      forSeconds: holdOf(settings, 120),
      summary: 'No process of {{ $labels.job }} can be scraped',
      description:
        'Prometheus has had no answer from any process of {{ $labels.job }} for two minutes or more: the service is down, or cannot be reached.',
      runbook: {
        meaning:
          'Every process of the service that Prometheus knows is silent. Its work is not done, and no other alert of the service can be trusted.',
        query: `count by (job) (${of(up)} == 0)`,
        causes: [
          'A deployment has failed: every process ends at its start.',
          'The network between Prometheus and the service, or its name resolution, is broken.',
          'The token of the metrics endpoint has been changed on one side only.',
        ],
        actions: [
          'Ask the service past Prometheus: `curl http://INSTANCE/health`. If it answers, the fault is between the two: read the errors on `/targets`.',
          'If it does not, look at the last deployment and the log of the first process that ended; roll back if they belong together.',
          'After the recovery, look at what was missed: queues that have grown, webhooks that are to be delivered again.',
        ],
      },
      tests: {
        fires: {
          series: { [first]: steady(0, 10), [second]: steady(0, 10) },
          atMinutes: 5,
          labels: [{ job }],
        },
        quiet: { series: { [first]: steady(0, 10), [second]: steady(1, 10) }, atMinutes: 5 },
      },
    },
    {
      ...shared,
      name: 'TargetsAbsent',
      severity: 'page',
      expression: `absent(${of(up)})`,
      forSeconds: holdOf(settings, 300),
      summary: 'Prometheus scrapes no process of {{ $labels.job }}',
      description:
        'There is no target of the job {{ $labels.job }} at all: nothing of the service is measured, and none of its alerts can fire.',
      runbook: {
        meaning:
          'Prometheus has no target of the service: not one that is down, none. Whatever happens to the service, nothing here will tell.',
        query: 'count by (job) (up)',
        causes: [
          'The job is missing from the configuration of Prometheus, or has another name than the service.',
          'Service discovery (ServiceMonitor, labels of pods) finds nothing any more.',
          'The service has been scaled to nothing.',
        ],
        actions: [
          'Look for the job on `/targets` and in `/config` of Prometheus; its `job_name` must be the name of the service.',
          'With discovery, compare the selector of the ServiceMonitor with the labels of the service.',
          'Check that the last reload succeeded: `prometheus_config_last_reload_successful` is 1.',
        ],
      },
      tests: {
        fires: {
          series: { [of(up, { job: `${job}-other` })]: steady(1, 20) },
          atMinutes: 10,
          labels: [{ job }],
        },
        quiet: { series: { [first]: steady(0, 20) }, atMinutes: 10 },
      },
    },
  ];
}
