/** Workflows: that make no progress, fail or never succeed; work that waits in queues, for approvals and for people. */
import * as metrics from '../../catalogue/workflow.js';
import type { GaugeDefinition } from '../../definition.js';
import type { Alert } from '../model.js';
import { jobScope, type Promql, promql } from '../promql/builder.js';
import { ratio } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import { processStart, up } from '../third-party-metrics.js';
import { type AlertRow, alertsOf, levels, minBad, shareAlerts } from './alert-row.js';
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
  const active = selector(metrics.activeAutonomousLoops);
  const restarted = `changes(${selector(processStart)}[${past}]) > 0`;
  const throughout = `min_over_time(${active}[${past}]) unless on (job, instance) (${restarted})`;
  // No label connects an approval with a run: as many runs as there are approvals may wait for people.
  const waiting = `sum by (job) (max_over_time(${selector(metrics.pendingApprovals)}[${past}])) >= sum by (job) (${throughout})`;
  const progress = `${events(metrics.workflowsCompleted, by, { window: seconds })} > 0 or ${events(metrics.workflowStepDuration, by, { window: seconds })} > 0`;
  const runs = selector(metrics.activeAutonomousLoops, type);
  const steps = selector(metrics.workflowStepDuration, { ...type, step_name: 'plan' }, '_count');
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
    atMinutes: minutes + 10,
    labels: type,
    fires: { [runs]: steady(2, minutes + 20), [steps]: steady(7, minutes + 20) },
    quiet: { [runs]: steady(2, minutes + 20), [steps]: growing(0.2, minutes + 20) },
  };
}

function failing(settings: BundleSettings): AlertRow[] {
  const { selector, increase } = promql(jobScope(settings));
  const limits = settings.thresholds;
  const minimum = limits.workflowMinimumEnded;
  const ended = (outcome: string) => selector(metrics.workflowsCompleted, { ...type, outcome });
  const share = ratio(
    increase(metrics.workflowsCompleted, by, { window: 3_600, matches: { outcome: 'failure' } }),
    increase(metrics.workflowsCompleted, by, { window: 3_600 }),
    { part: minBad.ticket, whole: minimum },
  );
  return shareAlerts({
    name: 'WorkflowsFailing',
    pageLimit: limits.workflowFailurePageShare,
    ticketLimit: limits.workflowFailureShare,
    pageHold: 300,
    expression: (limit) => `${share} > ${limit}`,
    atMinutes: 90,
    labels: type,
    series: (failed, kind) => {
      const perMinute = ((kind === 'fires' ? 2 : 20) * minimum) / 60;
      return {
        [ended('failure')]: growing(failed * perMinute, 90),
        [ended('success')]: growing((1 - failed) * perMinute, 90),
      };
    },
  });
}

function withoutSuccess(settings: BundleSettings): AlertRow {
  const { joined, selector, events } = promql(jobScope(settings));
  const { workflowSuccessSeconds: seconds, workflowMinimumEnded: minimum } = settings.thresholds;
  const minutes = Math.ceil(seconds / 60);
  const pace = (3 * minimum) / minutes;
  const ended = (outcome: string) => selector(metrics.workflowsCompleted, { ...type, outcome });
  const all = events(metrics.workflowsCompleted, [], { window: seconds });
  const success = { window: seconds, matches: { outcome: 'success' } };
  const succeeded = events(metrics.workflowsCompleted, [], success);
  return {
    name: 'WorkflowsWithoutSuccess',
    severity: 'page',
    // Only workflows that ended: one that has started takes its time, and may wait for people.
    expression: joined(`${all} >= ${minimum}`, ['unless', [], `${succeeded} > 0`]),
    hold: 300,
    atMinutes: minutes + 15,
    fires: {
      [ended('escalation')]: growing(pace, minutes + 30),
      [ended('success')]: steady(40, minutes + 30),
    },
    quiet: {
      [selector(metrics.workflowsStarted, type)]: growing(pace, minutes + 30),
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
  const depth = selector(metrics.queueDepth, queue);
  const resets = `resets(${selector(metrics.queueDepth)}[${window(queueAgeSeconds)}])`;
  const queueMinutes = Math.ceil(queueAgeSeconds / 60);
  const approvals = selector(metrics.pendingApprovals, { type: 'merge' });
  const approvalMinutes = Math.ceil(approvalSeconds / 60);
  return [
    {
      name: 'QueueBacklog',
      // The maximum, since several processes may report the same queue.
      expression: `max by (job, queue_name) (${selector(metrics.queueDepth)}) > ${limit}`,
      hold: 900,
      labels: queue,
      ...levels(depth, 2 * limit, limit / 2, 20),
    },
    {
      name: 'QueueAgeHigh',
      // To Prometheus, a gauge that goes down is a reset: without a reset nothing was taken. An idle process reports the depth that
      // it saw last, so the queue was empty if any process has seen it empty.
      expression: joined(waitedThroughout(within, metrics.queueDepth, 'queue_name', queueAgeSeconds, 'min'), [
        'unless',
        ['queue_name'],
        `sum by (job, queue_name) (${resets}) > 0`,
      ]),
      hold: 60,
      atMinutes: queueMinutes + 10,
      labels: queue,
      fires: { [depth]: growing(1, queueMinutes + 20, 3) },
      quiet: { [depth]: `${growing(1, queueMinutes, 3)} ${growing(1, 20, 3)}` },
    },
    {
      name: 'ApprovalsWaiting',
      expression: waitedThroughout(within, metrics.pendingApprovals, 'type', approvalSeconds, 'max'),
      hold: 60,
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
  const { joined, selector, record } = within;
  const { escalationsPerHour: minimum, escalationSurgeFactor: factor } = settings.thresholds;
  const recent = 'job_workflow:escalations:increase1h';
  const isUp = { [selector(up, { instance: 'a' })]: steady(1, historySteps + 6) };
  const known = selector(metrics.escalations, { reason: 'tests-fail', severity: 'high', ...type });
  const added = { reason: 'budget', severity: 'low', workflow_type: 'review', instance: 'a' };
  return {
    name: 'EscalationSurge',
    expression: joined(`${record(recent)} >= ${minimum}`, ['and', by, unusual(within, recent, factor, by)]),
    ...halfHourly,
    labels: [type, { workflow_type: 'review' }],
    fires: {
      ...isUp,
      [known]: changing(0, historySteps, 2 * minimum, 6),
      [selector(metrics.escalations, added)]: appearing(historySteps + 4, 2 * minimum, 2),
    },
    // As many, but in every earlier hour as well.
    quiet: { ...isUp, [known]: growing(2 * minimum, historySteps + 6) },
  };
}
