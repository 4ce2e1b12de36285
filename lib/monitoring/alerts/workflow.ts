/** Workflows: that make no progress, fail or never succeed; work that waits in queues, for approvals and for people. */
import {
  activeAutonomousLoops,
  escalations,
  pendingApprovals,
  queueDepth,
  workflowStepDuration,
  workflowsCompleted,
  workflowsStarted,
} from '../../catalogue/workflow.js';
import type { GaugeDefinition } from '../../definition.js';
import type { Alert } from '../model.js';
import { jobScope, type Promql, promql } from '../promql/builder.js';
import { ratio } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import { processStart, up } from '../third-party-metrics.js';
import { type AlertRow, alertsOf, shareAlerts } from './alert-row.js';
import { minBad } from './bad-shares.js';
import { appearing, changing, growing, halfHourly, historySteps, steady } from './series-values.js';
import { unusual } from './usual-hours.js';

const type = { workflow_type: 'issue' };
const by = ['workflow_type'];

export function workflowAlerts(settings: BundleSettings): Alert[] {
  return alertsOf(settings, { subject: 'workflow', dashboard: 'workflows' }, [
    stuck(settings),
    ...failing(settings),
    withoutSuccess(settings),
    ...waiting(settings),
    escalationSurge(settings),
  ]);
}

function stuck(settings: BundleSettings): AlertRow {
  const { joined, selector, window, events } = promql(jobScope(settings));
  const seconds = settings.thresholds.workflowStuckSeconds;
  const past = window(seconds);
  const minutes = Math.ceil(seconds / 60);
  const active = selector(activeAutonomousLoops);
  const restarted = `changes(${selector(processStart)}[${past}]) > 0`;
  const throughout = `min_over_time(${active}[${past}]) unless on (job, instance) (${restarted})`;
  // No label connects an approval with a run: as many runs as there are approvals may wait for people.
  const waiting = `sum by (job) (max_over_time(${selector(pendingApprovals)}[${past}])) >= sum by (job) (${throughout})`;
  const progress = `${events(workflowsCompleted, by, { window: seconds })} > 0 or ${events(workflowStepDuration, by, { window: seconds })} > 0`;
  const runs = selector(activeAutonomousLoops, type);
  const steps = selector(workflowStepDuration, { ...type, step_name: 'plan' }, '_count');
  return {
    name: 'WorkflowsStuck',
    severity: 'page',
    expression: joined(
      `sum by (job, workflow_type) (${throughout}) > 0`,
      ['and', by, `sum by (job, workflow_type) (${active} offset ${past}) > 0`],
      ['unless', by, progress],
      ['unless', [], waiting],
    ),
    hold: 300,
    summary: 'Workflows of type {{ $labels.workflow_type }} are stuck',
    description: `{{ $value | humanize }} workflows of type {{ $labels.workflow_type }} are in progress, and none has ended or finished a step for ${past}. Pending approvals do not explain it.`,
    atMinutes: minutes + 10,
    labels: type,
    fires: { [runs]: steady(2, minutes + 20), [steps]: steady(7, minutes + 20) },
    quiet: { [runs]: steady(2, minutes + 20), [steps]: growing(0.2, minutes + 20) },
  };
}

function failing(settings: BundleSettings): AlertRow[] {
  const { selector, window, increase } = promql(jobScope(settings));
  const {
    workflowMinimumEnded: minimum,
    workflowFailurePageShare,
    workflowFailureShare,
  } = settings.thresholds;
  const share = ratio(
    increase(workflowsCompleted, by, { window: 3_600, matches: { outcome: 'failure' } }),
    increase(workflowsCompleted, by, { window: 3_600 }),
    { part: minBad.ticket, whole: minimum },
  );
  return shareAlerts({
    name: 'WorkflowsFailing',
    pageLimit: workflowFailurePageShare,
    ticketLimit: workflowFailureShare,
    pageHold: 300,
    pageSummary: 'Many workflows of type {{ $labels.workflow_type }} fail',
    ticketSummary: 'Too many workflows of type {{ $labels.workflow_type }} fail',
    expression: (limit) => `${share} > ${limit}`,
    description: (limit) =>
      `{{ $value | humanizePercentage }} of the workflows of type {{ $labels.workflow_type }} that ended within ${window(3_600)} failed (limit ${limit}, at least ${minimum} ended).`,
    atMinutes: 90,
    labels: type,
    series: (failed, kind) => {
      const perMinute = ((kind === 'fires' ? 2 : 20) * minimum) / 60;
      return {
        [selector(workflowsCompleted, { ...type, outcome: 'failure' })]: growing(failed * perMinute, 90),
        [selector(workflowsCompleted, { ...type, outcome: 'success' })]: growing(
          (1 - failed) * perMinute,
          90,
        ),
      };
    },
  });
}

function withoutSuccess(settings: BundleSettings): AlertRow {
  const { joined, selector, window, events } = promql(jobScope(settings));
  const { workflowSuccessSeconds: seconds, workflowMinimumEnded: minimum } = settings.thresholds;
  const minutes = Math.ceil(seconds / 60);
  const pace = (3 * minimum) / minutes;
  const ended = (outcome: string): string => selector(workflowsCompleted, { ...type, outcome });
  return {
    name: 'WorkflowsWithoutSuccess',
    severity: 'page',
    // Only workflows that ended: one that has started takes its time, and may wait for people.
    expression: joined(`${events(workflowsCompleted, [], { window: seconds })} >= ${minimum}`, [
      'unless',
      [],
      `${events(workflowsCompleted, [], { window: seconds, matches: { outcome: 'success' } })} > 0`,
    ]),
    hold: 300,
    summary: 'No workflow of {{ $labels.job }} has succeeded',
    description: `{{ $value | humanize }} workflows ended within ${window(seconds)}, and none succeeded.`,
    atMinutes: minutes + 15,
    fires: {
      [ended('escalation')]: growing(pace, minutes + 30),
      [ended('success')]: steady(40, minutes + 30),
    },
    quiet: {
      [selector(workflowsStarted, type)]: growing(pace, minutes + 30),
      [ended('failure')]: growing(pace, minutes + 30),
      [ended('success')]: `${steady(40, minutes - 30)} ${steady(41, 60)}`,
    },
  };
}

function waiting(settings: BundleSettings): AlertRow[] {
  const within = promql(jobScope(settings));
  const { joined, selector, window } = within;
  const { queueDepth: limit, queueAgeSeconds, approvalSeconds } = settings.thresholds;
  const queue = { queue_name: 'issues' };
  const depth = selector(queueDepth, queue);
  const queueMinutes = Math.ceil(queueAgeSeconds / 60);
  const approvals = selector(pendingApprovals, { type: 'merge' });
  const approvalMinutes = Math.ceil(approvalSeconds / 60);
  return [
    {
      name: 'QueueBacklog',
      // The maximum, since several processes may report the same queue.
      expression: `max by (job, queue_name) (${selector(queueDepth)}) > ${limit}`,
      hold: 900,
      summary: 'The queue {{ $labels.queue_name }} is long',
      description: `The queue {{ $labels.queue_name }} holds {{ $value | humanize }} items (limit ${limit}).`,
      atMinutes: 20,
      labels: queue,
      fires: { [depth]: steady(2 * limit, 30) },
      quiet: { [depth]: steady(limit / 2, 30) },
    },
    {
      name: 'QueueAgeHigh',
      // To Prometheus, a gauge that goes down is a reset: without a reset nothing was taken. An idle process reports the depth that
      // it saw last, so the queue was empty if any process has seen it empty.
      expression: joined(waitedThroughout(within, queueDepth, 'queue_name', queueAgeSeconds, 'min'), [
        'unless',
        ['queue_name'],
        `sum by (job, queue_name) (resets(${selector(queueDepth)}[${window(queueAgeSeconds)}])) > 0`,
      ]),
      hold: 60,
      summary: 'The queue {{ $labels.queue_name }} does not get shorter',
      description: `The queue {{ $labels.queue_name }} has held at least {{ $value | humanize }} items for ${window(queueAgeSeconds)} and has not got shorter: no items are taken, or more arrive than are taken.`,
      atMinutes: queueMinutes + 10,
      labels: queue,
      fires: { [depth]: growing(1, queueMinutes + 20, 3) },
      quiet: { [depth]: `${growing(1, queueMinutes, 3)} ${growing(1, 20, 3)}` },
    },
    {
      name: 'ApprovalsWaiting',
      expression: waitedThroughout(within, pendingApprovals, 'type', approvalSeconds, 'max'),
      hold: 60,
      summary: 'Approvals of type {{ $labels.type }} are pending',
      description: `At least {{ $value | humanize }} approvals of type {{ $labels.type }} have been pending throughout ${window(approvalSeconds)}.`,
      atMinutes: approvalMinutes + 10,
      labels: { type: 'merge' },
      fires: { [approvals]: steady(2, approvalMinutes + 20) },
      quiet: { [approvals]: `${steady(2, approvalMinutes - 30)} 0 ${steady(2, 60)}` },
    },
  ];
}

/**
 * A gauge that was above zero throughout a window, by one label.
 * @param aggregator `max` if one process that reports it is enough, `min` if all of them must agree
 */
function waitedThroughout(
  { joined, selector, window }: Promql,
  gauge: GaugeDefinition,
  label: string,
  seconds: number,
  aggregator: 'max' | 'min',
): string {
  const past = window(seconds);
  return joined(`${aggregator} by (job, ${label}) (min_over_time(${selector(gauge)}[${past}])) > 0`, [
    'and',
    [label],
    `max by (job, ${label}) (${selector(gauge)} offset ${past}) > 0`,
  ]);
}

function escalationSurge(settings: BundleSettings): AlertRow {
  const within = promql(jobScope(settings));
  const { joined, selector, window, record } = within;
  const { escalationsPerHour: minimum, escalationSurgeFactor: factor } = settings.thresholds;
  const recent = 'job_workflow:escalations:increase1h';
  const by = ['workflow_type'];
  const isUp = { [selector(up, { instance: 'a' })]: steady(1, historySteps + 6) };
  const known = selector(escalations, { reason: 'tests-fail', severity: 'high', workflow_type: 'issue' });
  const added = { reason: 'budget', severity: 'low', workflow_type: 'review', instance: 'a' };
  return {
    name: 'EscalationSurge',
    expression: joined(`${record(recent)} >= ${minimum}`, ['and', by, unusual(within, recent, factor, by)]),
    summary: 'Unusually many workflows of type {{ $labels.workflow_type }} are escalated to people',
    description: `{{ $value | humanize }} escalations of workflows of type {{ $labels.workflow_type }} within ${window(3_600)}, more than ${factor} times as many as in the same hour of any day of the last week.`,
    ...halfHourly,
    labels: [{ workflow_type: 'issue' }, { workflow_type: 'review' }],
    fires: {
      ...isUp,
      [known]: changing(0, historySteps, 2 * minimum, 6),
      [selector(escalations, added)]: appearing(historySteps + 4, 2 * minimum, 2),
    },
    // As many, but in every earlier hour as well.
    quiet: { ...isUp, [known]: growing(2 * minimum, historySteps + 6) },
  };
}
