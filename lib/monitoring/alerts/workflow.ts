/** Workflows that do not get on. */
import {
  activeAutonomousLoops,
  pendingApprovals,
  workflowCompletionDuration,
  workflowStepDuration,
  workflowStepErrors,
  workflowsCompleted,
  workflowsStarted,
} from '../../catalogue/workflow.js';
import type { Alert, AlertCase } from '../model.js';
import { type BundleSettings, holdOf } from '../settings.js';
import { processStart } from '../third-party-metrics.js';
import { above, growing, steady } from './crafted.js';
import { inJob, joined, percent, shareOf } from './in-job.js';

export function workflowAlerts(settings: BundleSettings): Alert[] {
  return [
    stuck(settings),
    failing(settings, 'WorkflowsFailing', 'page', settings.thresholds.workflowFailurePageShare),
    failing(settings, 'WorkflowsFailingElevated', 'ticket', settings.thresholds.workflowFailureShare),
    withoutSuccess(settings),
  ];
}

const shared = { subject: 'workflow', dashboard: 'workflows' } as const;
const type = { workflow_type: 'issue' };
const by = ['workflow_type'];

function stuck(settings: BundleSettings): Alert {
  const { of, window, sum, events } = inJob(settings);
  const seconds = settings.thresholds.workflowStuckSeconds;
  const past = window(seconds);
  const minutes = Math.ceil(seconds / 60);
  const active = of(activeAutonomousLoops);
  const restarted = `changes(${of(processStart)}[${past}]) > 0`;
  const allAlong = `min_over_time(${active}[${past}]) unless on (job, instance) (${restarted})`;
  const inProgress = joined(
    `sum by (job, workflow_type) (${allAlong}) > 0`,
    'and',
    by,
    `sum by (job, workflow_type) (${active} offset ${past}) > 0`,
  );
  // Nothing says which run an approval belongs to: as many runs as there are approvals may wait for people.
  const waiting = `sum by (job) (max_over_time(${of(pendingApprovals)}[${past}])) >= sum by (job) (${allAlong})`;
  const progress = `${events(workflowsCompleted, by, seconds)} > 0 or ${events(workflowStepDuration, by, seconds, {}, '_count')} > 0`;
  const step = of(workflowStepDuration, { ...type, step_name: 'plan' }, '_count');
  return {
    ...shared,
    name: 'WorkflowsStuck',
    severity: 'page',
    expression: joined(joined(inProgress, 'unless', by, progress), 'unless', [], waiting),
    forSeconds: holdOf(settings, 300),
    summary: 'Workflows of type {{ $labels.workflow_type }} are stuck',
    description: `{{ $value | humanize }} workflows of type {{ $labels.workflow_type }} are in progress, and for ${past} none has ended or finished a step. More are in progress than approvals are pending.`,
    runbook: {
      meaning:
        'Workflows are in progress and nothing comes of them: no end, no step, for longer than any step should take, and no human is asked. Their issues wait, and so may their locks and branches.',
      query: sum(activeAutonomousLoops, by),
      causes: [
        'A request to an AI provider or a git platform hangs without a timeout.',
        'A step runs in a loop, or the process is out of memory or CPU.',
        'A run was given up without `recordWorkflowAbandoned`, so that it counts as active for ever.',
      ],
      actions: [
        `See which step was the last: \`topk(5, ${of(workflowStepDuration, {}, '_count')})\`, and the log of the runs that started before the alert.`,
        `See what they wait for: \`ai_requests_in_progress\`, \`pending_approvals\`, and AiSlow or EventLoopLag firing beside this.`,
        'End the hanging runs by the means of the service; restart the process if they cannot be ended.',
        'Give the step that hung a timeout; where the runs had ended long ago, record that they were abandoned.',
      ],
    },
    tests: {
      fires: {
        series: {
          [of(activeAutonomousLoops, type)]: steady(2, minutes + 20),
          [step]: steady(7, minutes + 20),
        },
        atMinutes: minutes + 10,
        labels: [{ job: settings.job, ...type }],
      },
      quiet: {
        series: {
          [of(activeAutonomousLoops, type)]: steady(2, minutes + 20),
          [step]: growing(0.2, minutes + 20),
        },
        atMinutes: minutes + 10,
      },
    },
  };
}

function failing(settings: BundleSettings, name: string, severity: 'page' | 'ticket', limit: number): Alert {
  const { of, window, increase } = inJob(settings);
  const { workflowMinimumEnded: minimum } = settings.thresholds;
  const share = shareOf(
    increase(workflowsCompleted, by, 3_600, { outcome: 'failure' }),
    increase(workflowsCompleted, by, 3_600),
    minimum,
  );
  const series = (failedShare: number, perHour: number): AlertCase['series'] => ({
    [of(workflowsCompleted, { ...type, outcome: 'failure' })]: growing((failedShare * perHour) / 60, 90),
    [of(workflowsCompleted, { ...type, outcome: 'success' })]: growing(
      ((1 - failedShare) * perHour) / 60,
      90,
    ),
  });
  return {
    ...shared,
    name,
    severity,
    expression: `${share} > ${limit}`,
    forSeconds: holdOf(settings, severity === 'page' ? 300 : 900),
    summary: `Workflows of type {{ $labels.workflow_type }} fail${severity === 'page' ? '' : ' more than they should'}`,
    description: `{{ $value | humanizePercentage }} of the workflows of type {{ $labels.workflow_type }} that ended within ${window(3_600)} failed (limit ${percent(limit)}, at least ${minimum} ended).`,
    runbook: {
      meaning:
        severity === 'page'
          ? 'Most workflows of a type end in failure. Issues are taken and nothing is delivered, at the cost of the tokens that were used up.'
          : 'More workflows of a type fail than usual, though most still succeed. What fails may be one repository, one kind of issue or one step.',
      query: `topk(5, sum by (workflow_type, step_name, error_type) (increase(${of(workflowStepErrors)}[1h])))`,
      causes: [
        'The AI provider or the git platform fails: AiErrors or PlatformErrors fire beside this.',
        'One step fails for one reason since a deployment: the query shows one step and one error far ahead.',
        'Credentials or permissions of the bot have run out on a repository.',
        'Issues of a kind that the workflow cannot solve have come in a row.',
      ],
      actions: [
        'Run the query: the step and the error that lead it are where to look.',
        'Several steps with network errors or 5xx: go on with the alert of the provider or the platform.',
        `One step since a deployment: roll it back. Compare with \`changes(${of(workflowCompletionDuration, {}, '_count')}[1h])\` and \`build_info\`.`,
        severity === 'page'
          ? 'Stop taking new issues until it is mended: each failed run costs tokens and is to be cleaned up after.'
          : 'Read the logs of three failed runs; file what they have in common.',
      ],
    },
    tests: {
      fires: {
        series: series(above(limit), 2 * minimum),
        atMinutes: 90,
        labels: [{ job: settings.job, ...type }],
      },
      quiet: { series: series(limit / 2, 20 * minimum), atMinutes: 90 },
    },
  };
}

function withoutSuccess(settings: BundleSettings): Alert {
  const { of, window, events } = inJob(settings);
  const { workflowSuccessSeconds: seconds, workflowMinimumEnded: minimum } = settings.thresholds;
  const minutes = Math.ceil(seconds / 60);
  const pace = (3 * minimum) / minutes;
  const ended = (outcome: string): string => of(workflowsCompleted, { ...type, outcome });
  return {
    ...shared,
    name: 'WorkflowsWithoutSuccess',
    severity: 'page',
    // Of those that ended: what has only been started takes its time, and may wait for people.
    expression: joined(
      `${events(workflowsCompleted, [], seconds)} >= ${minimum}`,
      'unless',
      [],
      `${events(workflowsCompleted, [], seconds, { outcome: 'success' })} > 0`,
    ),
    forSeconds: holdOf(settings, 300),
    summary: 'No workflow of {{ $labels.job }} has succeeded',
    description: `{{ $value | humanize }} workflows ended within ${window(seconds)}, and none has succeeded.`,
    runbook: {
      meaning:
        'Work ends and nothing succeeds, of whatever type: it fails, or is handed to people. Whoever files issues gets nothing.',
      query: `sum by (workflow_type, outcome) (increase(${of(workflowsCompleted)}[4h]))`,
      causes: [
        'Everything is escalated: a rule or a limit sends all work to people (see EscalationSurge).',
        'Everything fails (see WorkflowsFailing).',
        'Merging is impossible: branch protection, a missing permission or broken checks in the repositories.',
      ],
      actions: [
        'Run the query: mostly `failure` and mostly `escalation` are two different faults.',
        `Escalations: \`topk(5, sum by (reason) (increase(escalations_total[4h])))\` names the rule that takes all.`,
        'Failures: go on with the runbook of WorkflowsFailing.',
        'Take one issue by hand through the steps, and see at which it ends.',
      ],
    },
    tests: {
      fires: {
        series: {
          [ended('escalation')]: growing(pace, minutes + 30),
          [ended('success')]: steady(40, minutes + 30),
        },
        atMinutes: minutes + 15,
        labels: [{ job: settings.job }],
      },
      quiet: {
        series: {
          [of(workflowsStarted, type)]: growing(pace, minutes + 30),
          [ended('failure')]: growing(pace, minutes + 30),
          [ended('success')]: `${steady(40, minutes - 30)} ${steady(41, 60)}`,
        },
        atMinutes: minutes + 15,
      },
    },
  };
}
