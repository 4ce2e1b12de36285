/** The processes of the service as Prometheus sees them. */
import type { Alert } from '../model.js';
import type { BundleSettings } from '../settings.js';
import { processStart, up } from '../third-party-metrics.js';
import { alertsOf } from './alert-row.js';
import { inJob } from './in-job.js';
import { growing, steady } from './series-values.js';

const first = { instance: 'a:9090' };
const second = { instance: 'b:9090' };

export function targetAlerts(settings: BundleSettings): Alert[] {
  const { select, window } = inJob(settings);
  const { targetFlaps, processRestarts } = settings.thresholds;
  const [isUp, otherUp] = [select(up, first), select(up, second)];
  const [start, otherStart] = [select(processStart, first), select(processStart, second)];
  const hour = window(3_600);
  const restarting = growing(300, 30, 1_000);
  return alertsOf(settings, { subject: 'targets', dashboard: 'overview' }, [
    {
      name: 'TargetDown',
      severity: 'ticket',
      expression: `${select(up)} == 0`,
      hold: 120,
      summary: '{{ $labels.instance }} of {{ $labels.job }} cannot be scraped',
      description:
        'Prometheus has had no answer from the metrics endpoint of {{ $labels.instance }} for two minutes or more. What the process does is not seen; others of the service may be up.',
      atMinutes: 10,
      labels: first,
      fires: { [isUp]: `1+0x3 ${steady(0, 10)}`, [otherUp]: steady(1, 14) },
      quiet: { [isUp]: `1 0 ${steady(1, 10)}`, [otherUp]: steady(1, 12) },
    },
    {
      name: 'TargetsDown',
      severity: 'page',
      expression: `max by (job) (${select(up)}) == 0`,
      hold: 120,
      summary: 'No process of {{ $labels.job }} can be scraped',
      description:
        'Prometheus has had no answer from any process of {{ $labels.job }} for two minutes or more: the service is down, or cannot be reached.',
      atMinutes: 5,
      fires: { [isUp]: steady(0, 10), [otherUp]: steady(0, 10) },
      quiet: { [isUp]: steady(0, 10), [otherUp]: steady(1, 10) },
    },
    {
      name: 'TargetsAbsent',
      severity: 'page',
      // Over a window, since a slow scrape leaves gaps longer than Prometheus looks back.
      expression: `absent_over_time(${select(up)}[${window(300)}])`,
      hold: 60,
      summary: 'Prometheus scrapes no process of {{ $labels.job }}',
      description:
        'There is no target of the job {{ $labels.job }} at all: nothing of the service is measured, and none of its alerts can fire.',
      atMinutes: 10,
      fires: { [select(up, { job: `${settings.job}-other` })]: steady(1, 20) },
      quiet: { [isUp]: steady(0, 20) },
    },
    {
      name: 'TargetFlapping',
      severity: 'ticket',
      // To Prometheus, a gauge that goes down is a reset.
      expression: `resets(${select(up)}[${hour}]) >= ${targetFlaps}`,
      summary: '{{ $labels.instance }} of {{ $labels.job }} comes and goes',
      description: `{{ $labels.instance }} has stopped answering {{ $value }} times within ${hour} (limit ${targetFlaps}), each time for less than TargetDown waits for, or not much longer.`,
      atMinutes: 4 * (targetFlaps + 1),
      labels: first,
      fires: { [isUp]: '1x2 0 '.repeat(targetFlaps + 1), [otherUp]: steady(1, 60) },
      quiet: { [isUp]: `1x20 0 1x20 0 ${steady(1, 20)}`, [otherUp]: steady(1, 60) },
      quietAtMinutes: 55,
    },
    {
      name: 'ProcessRestarting',
      severity: 'ticket',
      expression: `changes(${select(processStart)}[${hour}]) >= ${processRestarts}`,
      summary: '{{ $labels.instance }} of {{ $labels.job }} restarts again and again',
      description: `{{ $labels.instance }} has been started {{ $value }} times within ${hour} (limit ${processRestarts}).`,
      atMinutes: 20,
      labels: first,
      fires: { [start]: restarting, [isUp]: steady(1, 30) },
      quiet: { [start]: '1000x20 2000x20 3000x20', [isUp]: steady(1, 60) },
      quietAtMinutes: 55,
    },
    {
      name: 'ServiceCrashLoop',
      severity: 'page',
      expression: `min by (job) (changes(${select(processStart)}[${hour}])) >= ${processRestarts}`,
      summary: 'Every process of {{ $labels.job }} restarts again and again',
      description: `Even the steadiest process of {{ $labels.job }} has been started {{ $value }} times within ${hour} (limit ${processRestarts}).`,
      atMinutes: 20,
      fires: { [start]: restarting, [otherStart]: restarting },
      quiet: { [start]: restarting, [otherStart]: steady(1_000, 30) },
    },
  ]);
}
