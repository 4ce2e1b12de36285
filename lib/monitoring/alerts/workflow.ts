/** Workflows that make no progress, fail or never succeed. */
import {
  activeAutonomousLoops,
  pendingApprovals,
  workflowStepDuration,
  workflowsCompleted,
  workflowsStarted,
} from '../../catalogue/workflow.js';
import type { Alert } from '../model.js';
import type { BundleSettings } from '../settings.js';
import { processStart } from '../third-party-metrics.js';
import { type AlertRow, alertsOf, shareAlerts } from './alert-row.js';
import { inJob, joined, shareOf } from './in-job.js';
import { growing, steady } from './series-values.js';

const type = { workflow_type: 'issue' };
const by = ['workflow_type'];

export function workflowAlerts(settings: BundleSettings): Alert[] {
  return alertsOf(settings, { subject: 'workflow', dashboard: 'workflows' }, [
    stuck(settings),
    ...failing(settings),
    withoutSuccess(settings),
  ]);
}

function stuck(settings: BundleSettings): AlertRow {
  const { select, window, events } = inJob(settings);
  const seconds = settings.thresholds.workflowStuckSeconds;
  const past = window(seconds);
  const minutes = Math.ceil(seconds / 60);
  const active = select(activeAutonomousLoops);
  const restarted = `changes(${select(processStart)}[${past}]) > 0`;
  const throughout = `min_over_time(${active}[${past}]) unless on (job, instance) (${restarted})`;
  // No label connects an approval with a run: as many runs as there are approvals may wait for people.
  const waiting = `sum by (job) (max_over_time(${select(pendingApprovals)}[${past}])) >= sum by (job) (${throughout})`;
  const progress = `${events(workflowsCompleted, by, seconds)} > 0 or ${events(workflowStepDuration, by, seconds, {}, '_count')} > 0`;
  const runs = select(activeAutonomousLoops, type);
  const steps = select(workflowStepDuration, { ...type, step_name: 'plan' }, '_count');
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
    description: `{{ $value | humanize }} workflows of type {{ $labels.workflow_type }} are in progress, and for ${past} none has ended or finished a step. More are in progress than approvals are pending.`,
    atMinutes: minutes + 10,
    labels: type,
    fires: { [runs]: steady(2, minutes + 20), [steps]: steady(7, minutes + 20) },
    quiet: { [runs]: steady(2, minutes + 20), [steps]: growing(0.2, minutes + 20) },
  };
}

function failing(settings: BundleSettings): AlertRow[] {
  const { select, window, increase } = inJob(settings);
  const {
    workflowMinimumEnded: minimum,
    workflowFailurePageShare,
    workflowFailureShare,
  } = settings.thresholds;
  const share = shareOf(
    increase(workflowsCompleted, by, 3_600, { outcome: 'failure' }),
    increase(workflowsCompleted, by, 3_600),
    minimum,
  );
  return shareAlerts({
    name: 'WorkflowsFailing',
    pageLimit: workflowFailurePageShare,
    ticketLimit: workflowFailureShare,
    pageHold: 300,
    pageSummary: 'Workflows of type {{ $labels.workflow_type }} fail',
    ticketSummary: 'Workflows of type {{ $labels.workflow_type }} fail more than they should',
    expression: (limit) => `${share} > ${limit}`,
    description: (limit) =>
      `{{ $value | humanizePercentage }} of the workflows of type {{ $labels.workflow_type }} that ended within ${window(3_600)} failed (limit ${limit}, at least ${minimum} ended).`,
    atMinutes: 90,
    labels: type,
    series: (failed, kind) => {
      const perMinute = ((kind === 'fires' ? 2 : 20) * minimum) / 60;
      return {
        [select(workflowsCompleted, { ...type, outcome: 'failure' })]: growing(failed * perMinute, 90),
        [select(workflowsCompleted, { ...type, outcome: 'success' })]: growing((1 - failed) * perMinute, 90),
      };
    },
  });
}

function withoutSuccess(settings: BundleSettings): AlertRow {
  const { select, window, events } = inJob(settings);
  const { workflowSuccessSeconds: seconds, workflowMinimumEnded: minimum } = settings.thresholds;
  const minutes = Math.ceil(seconds / 60);
  const pace = (3 * minimum) / minutes;
  const ended = (outcome: string): string => select(workflowsCompleted, { ...type, outcome });
  return {
    name: 'WorkflowsWithoutSuccess',
    severity: 'page',
    // Only workflows that ended: one that has started takes its time, and may wait for people.
    expression: joined(`${events(workflowsCompleted, [], seconds)} >= ${minimum}`, [
      'unless',
      [],
      `${events(workflowsCompleted, [], seconds, { outcome: 'success' })} > 0`,
    ]),
    hold: 300,
    summary: 'No workflow of {{ $labels.job }} has succeeded',
    description: `{{ $value | humanize }} workflows ended within ${window(seconds)}, and none has succeeded.`,
    atMinutes: minutes + 15,
    fires: {
      [ended('escalation')]: growing(pace, minutes + 30),
      [ended('success')]: steady(40, minutes + 30),
    },
    quiet: {
      [select(workflowsStarted, type)]: growing(pace, minutes + 30),
      [ended('failure')]: growing(pace, minutes + 30),
      [ended('success')]: `${steady(40, minutes - 30)} ${steady(41, 60)}`,
    },
  };
}
