/** The processes of the service as Prometheus sees them. */

import type { Alert } from '../model.js';
import { type BundleSettings, holdOf } from '../settings.js';
import { processStart, up } from '../third-party-metrics.js';
import { growing, steady } from './crafted.js';
import { inJob } from './in-job.js';

export function targetAlerts(settings: BundleSettings): Alert[] {
  const { of, window } = inJob(settings);
  const { job } = settings;
  const { targetFlaps, processRestarts } = settings.thresholds;
  const shared = { subject: 'targets', dashboard: 'overview' } as const;
  const started = (instance: string): string => of(processStart, { instance });
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
      // Of a window, since a slow scrape has gaps longer than Prometheus looks back.
      expression: `absent_over_time(${of(up)}[${window(300)}])`,
      forSeconds: holdOf(settings, 60),
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
    {
      ...shared,
      name: 'TargetFlapping',
      severity: 'ticket',
      // A gauge that goes down is a reset to Prometheus.
      expression: `resets(${of(up)}[${window(3_600)}]) >= ${targetFlaps}`,
      forSeconds: 0,
      summary: '{{ $labels.instance }} of {{ $labels.job }} comes and goes',
      description: `{{ $labels.instance }} has stopped answering {{ $value }} times within ${window(3_600)} (limit ${targetFlaps}), each time for less than TargetDown waits for, or not much longer.`,
      runbook: {
        meaning:
          'One process of the service answers its scrapes by turns. Its numbers have gaps, and what it does while it is silent is not known.',
        query: `resets(${of(up)}[1h])`,
        causes: [
          'The process ends and is started anew, again and again: ProcessRestarting fires too.',
          'The event loop is blocked for seconds at a time (EventLoopLag), or scrapes take too long (ScrapeSlow).',
          'The network, or the name resolution, of Prometheus is at fault: targets of other jobs flap too.',
        ],
        actions: [
          "Read the last error on Prometheus' page of targets (`/targets`): refused, timed out and reset are told apart there.",
          'Refused: the process was gone. Go on with ProcessRestarting.',
          'Timed out: see EventLoopLag and ScrapeSlow.',
        ],
      },
      tests: {
        fires: {
          series: { [first]: '1x2 0 '.repeat(targetFlaps + 1), [second]: steady(1, 60) },
          atMinutes: 4 * (targetFlaps + 1),
          labels: [{ job, instance: 'a:9090' }],
        },
        quiet: {
          series: { [first]: `1x20 0 1x20 0 ${steady(1, 20)}`, [second]: steady(1, 60) },
          atMinutes: 55,
        },
      },
    },
    {
      ...shared,
      name: 'ProcessRestarting',
      severity: 'ticket',
      expression: `changes(${of(processStart)}[${window(3_600)}]) >= ${processRestarts}`,
      forSeconds: 0,
      summary: '{{ $labels.instance }} of {{ $labels.job }} restarts again and again',
      description: `{{ $labels.instance }} has been started {{ $value }} times within ${window(3_600)} (limit ${processRestarts}).`,
      runbook: {
        meaning:
          'A process ends soon after each start. Whatever it works on is begun and not finished; without METRICS_SNAPSHOT_FILE its counters begin at 0 each time.',
        query: `changes(${of(processStart)}[1h])`,
        causes: [
          'It throws at its start, or soon after: a setting, a secret, something that it needs is not there.',
          'It is ended for its memory (MemoryHigh), or by a liveness probe that times out (EventLoopLag).',
          'One item of work makes it crash, and is taken up again after each start.',
        ],
        actions: [
          'Read the last lines of its log before each end, and the exit code: 137 is the memory or a kill, 1 mostly an error.',
          'Compare with the last deployment (`build_info`); roll back if they belong together.',
          'One item: take it out of the queue.',
        ],
      },
      tests: {
        fires: {
          series: { [started('a:9090')]: growing(300, 30, 1_000), [first]: steady(1, 30) },
          atMinutes: 20,
          labels: [{ job, instance: 'a:9090' }],
        },
        quiet: {
          series: { [started('a:9090')]: '1000x20 2000x20 3000x20', [first]: steady(1, 60) },
          atMinutes: 55,
        },
      },
    },
    {
      ...shared,
      name: 'ServiceCrashLoop',
      severity: 'page',
      expression: `min by (job) (changes(${of(processStart)}[${window(3_600)}])) >= ${processRestarts}`,
      forSeconds: 0,
      summary: 'Every process of {{ $labels.job }} restarts again and again',
      description: `Even the steadiest process of {{ $labels.job }} has been started {{ $value }} times within ${window(3_600)} (limit ${processRestarts}).`,
      runbook: {
        meaning:
          'No process of the service lives for long. Scrapes find it up now and then, so that TargetsDown does not fire; work is begun and not finished.',
        query: `min by (job) (changes(${of(processStart)}[1h]))`,
        causes: [
          'A deployment that cannot start: a setting, a secret, a migration.',
          'Something that all processes need at their start is down.',
          'One item of work makes each process that takes it crash.',
        ],
        actions: [
          'Roll back the last deployment, if it is as old as the restarts.',
          'Otherwise go on with ProcessRestarting, for one of them.',
        ],
      },
      tests: {
        fires: {
          series: {
            [started('a:9090')]: growing(300, 30, 1_000),
            [started('b:9090')]: growing(300, 30, 1_000),
          },
          atMinutes: 20,
          labels: [{ job }],
        },
        quiet: {
          series: { [started('a:9090')]: growing(300, 30, 1_000), [started('b:9090')]: steady(1_000, 30) },
          atMinutes: 20,
        },
      },
    },
  ];
}
