/** Work that waits in queues, for approvals and for people. */
import { escalations, pendingApprovals, queueDepth } from '../../catalogue/workflow.js';
import type { GaugeDefinition } from '../../definition.js';
import type { Alert } from '../model.js';
import type { BundleSettings } from '../settings.js';
import { up } from '../third-party-metrics.js';
import { type AlertRow, alertsOf } from './alert-row.js';
import { type InJob, inJob, joined } from './in-job.js';
import { appearing, changing, growing, halfHourly, historySteps, steady } from './series-values.js';
import { unusual } from './usual-hours.js';

export function waitingAlerts(settings: BundleSettings): Alert[] {
  const within = inJob(settings);
  const { select, window } = within;
  const { queueDepth: limit, queueAgeSeconds, approvalSeconds } = settings.thresholds;
  const queue = { queue_name: 'issues' };
  const depth = select(queueDepth, queue);
  const queueMinutes = Math.ceil(queueAgeSeconds / 60);
  const approvals = select(pendingApprovals, { type: 'merge' });
  const approvalMinutes = Math.ceil(approvalSeconds / 60);
  return alertsOf(settings, { subject: 'workflow', dashboard: 'workflows' }, [
    {
      name: 'QueueBacklog',
      severity: 'ticket',
      // The maximum, since several processes may report the same queue.
      expression: `max by (job, queue_name) (${select(queueDepth)}) > ${limit}`,
      hold: 900,
      summary: 'The queue {{ $labels.queue_name }} is long',
      description: `{{ $value | humanize }} items wait in the queue {{ $labels.queue_name }} (limit ${limit}).`,
      atMinutes: 20,
      labels: queue,
      fires: { [depth]: steady(2 * limit, 30) },
      quiet: { [depth]: steady(limit / 2, 30) },
    },
    {
      name: 'QueueAgeHigh',
      severity: 'ticket',
      // To Prometheus, a gauge that goes down is a reset: without a reset nothing was taken. An idle process reports the depth that
      // it saw last, so the queue was empty if any process has seen it empty.
      expression: joined(waitedThroughout(within, queueDepth, 'queue_name', queueAgeSeconds, 'min'), [
        'unless',
        ['queue_name'],
        `sum by (job, queue_name) (resets(${select(queueDepth)}[${window(queueAgeSeconds)}])) > 0`,
      ]),
      hold: 60,
      summary: 'The queue {{ $labels.queue_name }} does not get shorter',
      description: `The queue {{ $labels.queue_name }} has held {{ $value | humanize }} items or more for ${window(queueAgeSeconds)}, and has not got shorter once from scrape to scrape: nothing is taken, or more comes than is taken.`,
      atMinutes: queueMinutes + 10,
      labels: queue,
      fires: { [depth]: growing(1, queueMinutes + 20, 3) },
      quiet: { [depth]: `${growing(1, queueMinutes, 3)} ${growing(1, 20, 3)}` },
    },
    {
      name: 'ApprovalsWaiting',
      severity: 'ticket',
      expression: waitedThroughout(within, pendingApprovals, 'type', approvalSeconds, 'max'),
      hold: 60,
      summary: 'Approvals of type {{ $labels.type }} wait',
      description: `{{ $value | humanize }} or more approvals of type {{ $labels.type }} have been waiting at every moment of ${window(approvalSeconds)}.`,
      atMinutes: approvalMinutes + 10,
      labels: { type: 'merge' },
      fires: { [approvals]: steady(2, approvalMinutes + 20) },
      quiet: { [approvals]: `${steady(2, approvalMinutes - 30)} 0 ${steady(2, 60)}` },
    },
    escalationSurge(settings),
  ]);
}

/**
 * A gauge that was above zero throughout a window, by one label.
 * @param aggregator `max` if one process that reports it is enough, `min` if all of them must agree
 */
function waitedThroughout(
  { select, window }: InJob,
  gauge: GaugeDefinition,
  label: string,
  seconds: number,
  aggregator: 'max' | 'min',
): string {
  const past = window(seconds);
  return joined(`${aggregator} by (job, ${label}) (min_over_time(${select(gauge)}[${past}])) > 0`, [
    'and',
    [label],
    `max by (job, ${label}) (${select(gauge)} offset ${past}) > 0`,
  ]);
}

function escalationSurge(settings: BundleSettings): AlertRow {
  const within = inJob(settings);
  const { select, window, record } = within;
  const { escalationsPerHour: minimum, escalationSurgeFactor: factor } = settings.thresholds;
  const recent = 'job_workflow:escalations:increase1h';
  const by = ['workflow_type'];
  const isUp = { [select(up, { instance: 'a' })]: steady(1, historySteps + 6) };
  const known = select(escalations, { reason: 'tests-fail', severity: 'high', workflow_type: 'issue' });
  const added = { reason: 'budget', severity: 'low', workflow_type: 'review', instance: 'a' };
  return {
    name: 'EscalationSurge',
    severity: 'ticket',
    expression: joined(`${record(recent)} >= ${minimum}`, ['and', by, unusual(within, recent, factor, by)]),
    summary: 'Much more work of type {{ $labels.workflow_type }} than usual is handed to people',
    description: `{{ $value | humanize }} escalations of workflows of type {{ $labels.workflow_type }} within ${window(3_600)}, more than ${factor} times the same hour of any day of the last week.`,
    ...halfHourly,
    labels: [{ workflow_type: 'issue' }, { workflow_type: 'review' }],
    fires: {
      ...isUp,
      [known]: changing(0, historySteps, 2 * minimum, 6),
      [select(escalations, added)]: appearing(historySteps + 4, 2 * minimum, 2),
    },
    // As many, but in every earlier hour as well.
    quiet: { ...isUp, [known]: growing(2 * minimum, historySteps + 6) },
  };
}
