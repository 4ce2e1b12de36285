/** Which alert goes where, and which is left out because another says it already. */
import { duration, monitoringError } from './expression.js';
import { timeIntervals } from './quiet-hours.js';
import type { BundleSettings } from './settings.js';

/** Alerts that say that the service cannot be seen at all; what else is told of it then says no more. */
export const platformDownAlerts: readonly string[] = Object.freeze(['TargetsDown', 'TargetsAbsent']);
/** Alerts about those who watch: they are true, and wanted, whatever the service does. */
export const watcherAlerts: readonly string[] = Object.freeze(['NotificationsFailing', 'RuleFailures']);
/** The alert that always fires. */
export const watchdogAlert = 'Watchdog';

/** Labels that say what a page is about: it speaks for the tickets about the same. */
const aboutLabels = ['provider', 'platform', 'workflow_type', 'route'];
/** Subjects in which a page about none of these is about all of them. */
const wholeSubjects = ['workflow', 'provider', 'platform', 'http'];

/**
 * Pages that say the cause, and pages that say what comes of it: one outage is one page. `about` are labels of which both must
 * have the same value. What has other causes too is left out only as long as the page of the cause fires.
 */
const causes: readonly {
  readonly causes: readonly string[];
  readonly effects: readonly string[];
  readonly about?: readonly string[];
}[] = [
  { causes: ['AiAllProvidersFailing'], effects: ['AiErrors', 'SloAiRequest.+'] },
  { causes: ['AiErrors'], effects: ['SloAiRequest.+'], about: ['provider'] },
  {
    causes: ['AiAllProvidersFailing', 'AiErrors', 'PlatformErrors'],
    effects: ['Workflows.+', 'SloWorkflow.+', 'SloIssue.+'],
  },
  { causes: ['WorkflowsFailing'], effects: ['WorkflowsWithoutSuccess', 'SloWorkflow.+', 'SloIssue.+'] },
  { causes: ['WorkflowsWithoutSuccess'], effects: ['SloWorkflow.+', 'SloIssue.+'] },
  { causes: ['SloWorkflowSuccessBurnsFast'], effects: ['SloIssueSuccessBurnsFast'] },
  { causes: ['HttpErrors'], effects: ['SloHttp.+', 'SloWebhook.+'] },
  { causes: ['SloHttpAvailabilityBurnsFast'], effects: ['SloWebhook.+'] },
  {
    causes: ['ServiceCrashLoop'],
    effects: ['Workflows.+', 'HttpErrors', 'SloHttp.+', 'SloWorkflow.+', 'SloIssue.+'],
  },
];

/** The routing tree. */
export function route(settings: BundleSettings): Readonly<Record<string, unknown>> {
  const { groupWaitSeconds, groupIntervalSeconds, repeatSeconds } = settings.intervals;
  const quiet = timeIntervals(settings.quietHours).map(({ name }) => name);
  const muted = quiet.length === 0 ? {} : { mute_time_intervals: quiet };
  const repeat = Math.min(60, repeatSeconds);
  return {
    // What nobody thought of is looked at in the morning.
    receiver: 'tickets',
    group_by: ['service', 'subject', 'alertname'],
    group_wait: duration(groupWaitSeconds),
    group_interval: duration(groupIntervalSeconds),
    repeat_interval: duration(repeatSeconds),
    routes: [
      {
        receiver: 'dead-mans-switch',
        matchers: [`alertname="${watchdogAlert}"`],
        group_wait: '0s',
        group_interval: duration(Math.min(repeat / 2, groupIntervalSeconds)),
        repeat_interval: duration(repeat),
      },
      // However many pages have lasted: one notification.
      { receiver: 'escalation', matchers: ['escalated="true"'], group_by: ['service'] },
      { receiver: 'pager', matchers: ['severity="page"'] },
      { receiver: 'tickets', matchers: ['severity="ticket"'], ...muted },
      { receiver: 'log', matchers: ['severity=~"info|none"'], ...muted },
    ],
  };
}

/** @throws ERR_METRICS_INVALID_MONITORING where no metric has a label any more that pages are told apart by */
export function inhibitRules(settings: BundleSettings): Readonly<Record<string, unknown>>[] {
  for (const label of aboutLabels)
    if (!settings.definitions.some(({ labels }) => Object.hasOwn(labels, label)))
      throw monitoringError('inhibition', 'labels that some metric has', label);
  const down = platformDownAlerts.join('|');
  const page = ['severity="page"', 'escalated!="true"'];
  const lesser = ['severity=~"ticket|info"'];
  return [
    {
      source_matchers: [`alertname=~"${down}"`, 'severity="page"'],
      target_matchers: [
        `alertname!~"${[...platformDownAlerts, ...watcherAlerts, watchdogAlert].join('|')}"`,
        'escalated!="true"',
      ],
      equal: ['service'],
    },
    {
      // Labels that neither has are equal: this is also for a page and a ticket about all of the subject.
      // But of the pipeline: its alerts have nothing to do with each other.
      source_matchers: [...page, 'subject!~"own|pipeline"'],
      target_matchers: lesser,
      equal: ['service', 'subject', 'slo', ...aboutLabels],
    },
    {
      source_matchers: [
        ...page,
        `subject=~"${wholeSubjects.join('|')}"`,
        ...aboutLabels.map((label) => `${label}=""`),
      ],
      target_matchers: lesser,
      equal: ['service', 'subject'],
    },
    {
      // The user's own need not have to do with each other: only those of one name do.
      source_matchers: [...page, 'subject="own"'],
      target_matchers: lesser,
      equal: ['service', 'subject', 'alertname', ...aboutLabels],
    },
    ...causes.map(({ causes: names, effects, about = [] }) => ({
      source_matchers: [`alertname=~"${names.join('|')}"`, ...page],
      target_matchers: [`alertname=~"${effects.join('|')}"`, ...page],
      equal: ['service', ...about],
    })),
  ];
}
