/** What waits: in queues, for approvals, for people. */
import { escalations, pendingApprovals, queueDepth } from '../../catalogue/workflow.js';
import type { GaugeDefinition } from '../../definition.js';
import type { Alert } from '../model.js';
import { type BundleSettings, holdOf } from '../settings.js';
import { up } from '../third-party-metrics.js';
import { appearing, changing, growing, halfHourly, historySteps, steady } from './crafted.js';
import { type InJob, inJob, joined } from './in-job.js';
import { unusual } from './usual-hours.js';

const shared = { subject: 'workflow', severity: 'ticket', dashboard: 'workflows' } as const;

export function waitingAlerts(settings: BundleSettings): Alert[] {
  return [queueBacklog(settings), queueAge(settings), approvalsWaiting(settings), escalationSurge(settings)];
}

function queueBacklog(settings: BundleSettings): Alert {
  const { of } = inJob(settings);
  const limit = settings.thresholds.queueDepth;
  const series = of(queueDepth, { queue_name: 'issues' });
  return {
    ...shared,
    name: 'QueueBacklog',
    // One queue, however many processes report it.
    expression: `max by (job, queue_name) (${of(queueDepth)}) > ${limit}`,
    forSeconds: holdOf(settings, 900),
    summary: 'The queue {{ $labels.queue_name }} is long',
    description: `{{ $value | humanize }} items wait in the queue {{ $labels.queue_name }} (limit ${limit}).`,
    runbook: {
      meaning: 'More comes into the queue than is taken from it. What is filed now is worked on late.',
      query: `max by (queue_name) (delta(${of(queueDepth)}[1h]))`,
      causes: [
        'Many issues at once: an import, a bot that files them, webhooks delivered again.',
        'Fewer workers than usual: TargetDown, or a deployment with less concurrency.',
        'Each item takes longer: AiSlow, AiRateLimited, PlatformErrors.',
      ],
      actions: [
        'Run the query: below zero, the queue is already getting shorter, and waiting is enough.',
        'Compare `sum(rate(workflows_started_total[1h]))` with the same `offset 1d`: lower means that the workers are the cause, equal or higher that the input is.',
        'Workers: bring them back, or raise the concurrency as far as the headroom of the provider allows (`ai_rate_limit_remaining`).',
        'Input: find who files; take out what is filed twice.',
      ],
    },
    tests: {
      fires: {
        series: { [series]: steady(2 * limit, 30) },
        atMinutes: 20,
        labels: [{ job: settings.job, queue_name: 'issues' }],
      },
      quiet: { series: { [series]: steady(limit / 2, 30) }, atMinutes: 20 },
    },
  };
}

/**
 * A gauge that has been above zero all the time of a window, by one label.
 * @param processes whether one process that reports it is enough, or all that do must agree
 */
function waitedAllAlong(
  { of, window }: InJob,
  gauge: GaugeDefinition,
  label: string,
  seconds: number,
  processes: 'any' | 'all',
): string {
  const past = window(seconds);
  const aggregator = processes === 'any' ? 'max' : 'min';
  return joined(
    `${aggregator} by (job, ${label}) (min_over_time(${of(gauge)}[${past}])) > 0`,
    'and',
    [label],
    `max by (job, ${label}) (${of(gauge)} offset ${past}) > 0`,
  );
}

function queueAge(settings: BundleSettings): Alert {
  const within = inJob(settings);
  const { of, window } = within;
  const seconds = settings.thresholds.queueAgeSeconds;
  const minutes = Math.ceil(seconds / 60);
  const series = of(queueDepth, { queue_name: 'issues' });
  return {
    ...shared,
    name: 'QueueAgeHigh',
    // A gauge that goes down is a reset to Prometheus: no reset, and nothing has been taken. A process that has nothing to do
    // reports what it saw last: where another has seen the queue empty, it was.
    expression: joined(
      waitedAllAlong(within, queueDepth, 'queue_name', seconds, 'all'),
      'unless',
      ['queue_name'],
      `sum by (job, queue_name) (resets(${of(queueDepth)}[${window(seconds)}])) > 0`,
    ),
    forSeconds: holdOf(settings, 60),
    summary: 'The queue {{ $labels.queue_name }} does not get shorter',
    description: `The queue {{ $labels.queue_name }} has held {{ $value | humanize }} items or more for ${window(seconds)}, and has not got shorter once from scrape to scrape: nothing is taken, or more comes than is taken.`,
    runbook: {
      meaning:
        'Items wait, and either nobody takes them or more come than are taken. The age of the oldest is not measured: where nobody takes any, it is at least the time for which the queue has not got shorter.',
      query: `sum by (queue_name) (resets(${of(queueDepth)}[1h]))`,
      causes: [
        'No worker runs, or all of them are busy with runs that are stuck (WorkflowsStuck).',
        'The workers work, and more comes in than they can do.',
        'The first item cannot be handled and is put back each time.',
        'The queue is paused, or its consumer has lost the connection and not noticed.',
      ],
      actions: [
        'Run `sum(active_autonomous_loops)`: zero means that no worker takes anything, a number that does not move that all are stuck.',
        'Run `sum(rate(workflows_started_total[30m]))`: where that is above zero, items are taken, and it is workers that are wanting.',
        'Look in the log of the worker for the last item taken, and for one that comes again and again.',
        'Take the poisoned item out, or restart the consumer; see the queue get shorter within a minute or two.',
      ],
    },
    tests: {
      fires: {
        series: { [series]: growing(1, minutes + 20, 3) },
        atMinutes: minutes + 10,
        labels: [{ job: settings.job, queue_name: 'issues' }],
      },
      quiet: {
        series: { [series]: `${growing(1, minutes, 3)} ${growing(1, 20, 3)}` },
        atMinutes: minutes + 10,
      },
    },
  };
}

function approvalsWaiting(settings: BundleSettings): Alert {
  const within = inJob(settings);
  const { of, window } = within;
  const seconds = settings.thresholds.approvalSeconds;
  const minutes = Math.ceil(seconds / 60);
  const series = of(pendingApprovals, { type: 'merge' });
  return {
    ...shared,
    name: 'ApprovalsWaiting',
    expression: waitedAllAlong(within, pendingApprovals, 'type', seconds, 'any'),
    forSeconds: holdOf(settings, 60),
    summary: 'Approvals of type {{ $labels.type }} wait',
    description: `{{ $value | humanize }} or more approvals of type {{ $labels.type }} have been waiting at every moment of ${window(seconds)}.`,
    runbook: {
      meaning:
        'Work is done as far as it can be without a person, and the person has not come. Runs that wait hold their workers and their branches.',
      query: `max by (type) (${of(pendingApprovals)})`,
      causes: [
        'The people who approve were not told, or the message went to a channel that nobody reads.',
        'Nobody is there: night, weekend, holidays.',
        'An approval was given where the service does not see it (a webhook lost: WebhookFailures).',
      ],
      actions: [
        'Open the list of pending approvals and tell those who are named on them.',
        'If one was given and is still counted, look for the webhook of that review in the deliveries of the platform, and deliver it again.',
        'If nights and weekends are no times to approve, raise `approvalSeconds` in the bundle.',
      ],
    },
    tests: {
      fires: {
        series: { [series]: steady(2, minutes + 20) },
        atMinutes: minutes + 10,
        labels: [{ job: settings.job, type: 'merge' }],
      },
      quiet: {
        series: { [series]: `${steady(2, minutes - 30)} 0 ${steady(2, 60)}` },
        atMinutes: minutes + 10,
      },
    },
  };
}

function escalationSurge(settings: BundleSettings): Alert {
  const within = inJob(settings);
  const { of, window, record } = within;
  const { escalationsPerHour: minimum, escalationSurgeFactor: factor } = settings.thresholds;
  const recent = 'job_workflow:escalations:increase1h';
  const by = ['workflow_type'];
  const isUp = { [of(up, { instance: 'a' })]: steady(1, historySteps + 6) };
  const series = of(escalations, { reason: 'tests-fail', severity: 'high', workflow_type: 'issue' });
  const isNew = of(escalations, {
    reason: 'budget',
    severity: 'low',
    workflow_type: 'review',
    instance: 'a',
  });
  return {
    ...shared,
    name: 'EscalationSurge',
    expression: joined(`${record(recent)} >= ${minimum}`, 'and', by, unusual(within, recent, factor, by)),
    forSeconds: 0,
    summary: 'Much more work of type {{ $labels.workflow_type }} than usual is handed to people',
    description: `{{ $value | humanize }} escalations of workflows of type {{ $labels.workflow_type }} within ${window(3_600)}, more than ${factor} times the same hour of any day of the last week.`,
    runbook: {
      meaning:
        'The agents give up far more often than usual and hand the work to people, who get more at once than they can take.',
      query: `topk(5, sum by (reason, severity) (increase(${of(escalations)}[1h])))`,
      causes: [
        'One reason leads: a check, a limit or a policy that was changed.',
        'The answers of the model got worse: another model, another prompt, a shorter context.',
        'One repository is broken: its tests fail for every change.',
      ],
      actions: [
        'Run the query and take the reason that leads.',
        'See what was changed before the rise: deployments (`build_info`), prompts, models, limits.',
        'One repository: take it out of work until its main branch is green.',
        'If people are overrun, stop taking new issues of that type.',
      ],
    },
    tests: {
      fires: {
        ...halfHourly,
        series: {
          ...isUp,
          [series]: changing(0, historySteps, 2 * minimum, 6),
          [isNew]: appearing(historySteps + 4, 2 * minimum, 2),
        },
        labels: [
          { job: settings.job, workflow_type: 'issue' },
          { job: settings.job, workflow_type: 'review' },
        ],
      },
      // As many, but as always.
      quiet: { ...halfHourly, series: { ...isUp, [series]: growing(2 * minimum, historySteps + 6) } },
    },
  };
}
