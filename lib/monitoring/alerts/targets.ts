/** The processes of the service as Prometheus sees them. */
import type { Alert } from '../model.js';
import { jobScope, promql } from '../promql/builder.js';
import type { BundleSettings } from '../settings.js';
import { processStart, up } from '../third-party-metrics.js';
import { alertsOf } from './alert-row.js';
import { growing, steady } from './series-values.js';

const first = { instance: 'a:9090' };
const second = { instance: 'b:9090' };

export function targetAlerts(settings: BundleSettings): Alert[] {
  const { selector, window } = promql(jobScope(settings));
  const { targetFlaps, processRestarts } = settings.thresholds;
  const [isUp, otherUp] = [selector(up, first), selector(up, second)];
  const [start, otherStart] = [selector(processStart, first), selector(processStart, second)];
  const hour = window(3_600);
  const restarting = growing(300, 30, 1_000);
  return alertsOf(settings, { subject: 'targets', dashboard: 'overview' }, [
    {
      name: 'TargetDown',
      expression: `${selector(up)} == 0`,
      hold: 120,
      atMinutes: 10,
      labels: first,
      fires: { [isUp]: `1+0x3 ${steady(0, 10)}`, [otherUp]: steady(1, 14) },
      quiet: { [isUp]: `1 0 ${steady(1, 10)}`, [otherUp]: steady(1, 12) },
    },
    {
      name: 'TargetsDown',
      severity: 'page',
      expression: `max by (job) (${selector(up)}) == 0`,
      hold: 120,
      atMinutes: 5,
      fires: { [isUp]: steady(0, 10), [otherUp]: steady(0, 10) },
      quiet: { [isUp]: steady(0, 10), [otherUp]: steady(1, 10) },
    },
    {
      name: 'TargetsAbsent',
      severity: 'page',
      // Over a window, since a slow scrape leaves gaps longer than Prometheus looks back.
      expression: `absent_over_time(${selector(up)}[${window(300)}])`,
      hold: 60,
      atMinutes: 10,
      fires: { [selector(up, { job: `${settings.job}-other` })]: steady(1, 20) },
      quiet: { [isUp]: steady(0, 20) },
    },
    {
      name: 'TargetFlapping',
      // To Prometheus, a gauge that goes down is a reset.
      expression: `resets(${selector(up)}[${hour}]) >= ${targetFlaps}`,
      atMinutes: 4 * (targetFlaps + 1),
      labels: first,
      fires: { [isUp]: '1x2 0 '.repeat(targetFlaps + 1), [otherUp]: steady(1, 60) },
      quiet: { [isUp]: `1x20 0 1x20 0 ${steady(1, 20)}`, [otherUp]: steady(1, 60) },
      quietAtMinutes: 55,
    },
    {
      name: 'ProcessRestarting',
      expression: `changes(${selector(processStart)}[${hour}]) >= ${processRestarts}`,
      atMinutes: 20,
      labels: first,
      fires: { [start]: restarting, [isUp]: steady(1, 30) },
      quiet: { [start]: '1000x20 2000x20 3000x20', [isUp]: steady(1, 60) },
      quietAtMinutes: 55,
    },
    {
      name: 'ServiceCrashLoop',
      severity: 'page',
      expression: `min by (job) (changes(${selector(processStart)}[${hour}])) >= ${processRestarts}`,
      atMinutes: 20,
      fires: { [start]: restarting, [otherStart]: restarting },
      quiet: { [start]: restarting, [otherStart]: steady(1_000, 30) },
    },
  ]);
}
