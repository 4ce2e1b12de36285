/** Which alert goes where, and which is left out because another says it already. */
import type { BundlePart } from '../bundle-parts.js';
import { duration, monitoringError } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import { timeIntervals } from './quiet-hours.js';

/** Alerts that say that the service cannot be seen at all; what else is told of it then says no more. */
export const platformDownAlerts: readonly string[] = Object.freeze(['TargetsDown', 'TargetsAbsent']);
/** Alerts about those who watch: they are true, and wanted, whatever the service does. */
export const watcherAlerts: readonly string[] = Object.freeze(['NotificationsFailing', 'RuleFailures']);
/** The alert that always fires. */
export const watchdogAlert = 'Watchdog';

/** Labels that say what a page is about, by the part that has them: it speaks for the tickets about the same. */
const aboutLabels: readonly (readonly [label: string, part: BundlePart])[] = [
  ['provider', 'provider'],
  ['platform', 'platform'],
  ['workflow_type', 'workflow'],
  ['route', 'http'],
];
/** Subjects in which a page about none of these is about all of them. */
const wholeSubjects = ['workflow', 'provider', 'platform', 'http'] as const satisfies BundlePart[];

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

/** The part that the alerts of a cause or an effect are about, by how their names begin. Of all others, any service has them. */
const partsOfAlerts: readonly (readonly [prefix: string, part: BundlePart])[] = [
  ['Ai', 'provider'],
  ['SloAi', 'provider'],
  ['Platform', 'platform'],
  ['SloWebhook', 'platform'],
  ['Workflows', 'workflow'],
  ['SloWorkflow', 'workflow'],
  ['SloIssue', 'workflow'],
  ['Http', 'http'],
  ['SloHttp', 'http'],
];

function causeRules(parts: ReadonlySet<BundlePart>, page: readonly string[]): NotedRule[] {
  const isThere = (alert: string): boolean =>
    partsOfAlerts.every(([prefix, part]) => !alert.startsWith(prefix) || parts.has(part));
  const rules = causes
    .map(({ causes: names, effects, about = [] }) => ({
      sources: names.filter(isThere),
      targets: effects.filter(isThere),
      about,
    }))
    .filter(({ sources, targets }) => sources.length > 0 && targets.length > 0)
    .map(({ sources, targets, about }) => ({
      source_matchers: [`alertname=~"${sources.join('|')}"`, ...page],
      target_matchers: [`alertname=~"${targets.join('|')}"`, ...page],
      equal: ['service', ...about],
    }));
  const note = 'From here on: the page of a cause over the pages of what comes of it.';
  return rules.map((rule, index) => (index === 0 ? { rule, note } : { rule }));
}

/** A route or an inhibition, and the comment that stands at it. */
export interface NotedRule {
  readonly rule: Readonly<Record<string, unknown>>;
  readonly note?: string;
}

/** What is so of every alert, unless a route of `routesOf` says otherwise. */
export function defaultRoute({ intervals }: BundleSettings): Readonly<Record<string, unknown>> {
  return {
    // What nobody thought of is looked at in the morning.
    receiver: 'tickets',
    group_by: ['service', 'subject', 'alertname'],
    group_wait: duration(intervals.groupWaitSeconds),
    group_interval: duration(intervals.groupIntervalSeconds),
    repeat_interval: duration(intervals.repeatSeconds),
  };
}

/** The routes below it, in the order in which they are tried. */
export function routesOf(settings: BundleSettings): NotedRule[] {
  const { groupIntervalSeconds, repeatSeconds } = settings.intervals;
  const quiet = timeIntervals(settings.quietHours).map(({ name }) => name);
  const muted = quiet.length === 0 ? {} : { mute_time_intervals: quiet };
  const repeat = Math.min(60, repeatSeconds);
  const watchdog: NotedRule = {
    note: 'Its silence says that no alert can be told any more.',
    rule: {
      receiver: 'dead-mans-switch',
      matchers: [`alertname="${watchdogAlert}"`],
      group_wait: '0s',
      group_interval: duration(Math.min(repeat / 2, groupIntervalSeconds)),
      repeat_interval: duration(repeat),
    },
  };
  return [
    ...(settings.parts.has('pipeline') ? [watchdog] : []),
    {
      note: 'Pages that have lasted, by rules of their own: prometheus/rules/alerts-escalation.yml.',
      rule: { receiver: 'escalation', matchers: ['escalated="true"'], group_by: ['service'] },
    },
    { rule: { receiver: 'pager', matchers: ['severity="page"'] } },
    { rule: { receiver: 'tickets', matchers: ['severity="ticket"'], ...muted } },
    { rule: { receiver: 'log', matchers: ['severity=~"info|none"'], ...muted } },
  ];
}

/** @throws ERR_METRICS_INVALID_MONITORING where no metric has a label any more that pages are told apart by */
export function inhibitRules(settings: BundleSettings): NotedRule[] {
  const { parts, definitions } = settings;
  const about = aboutLabels.filter(([, part]) => parts.has(part)).map(([label]) => label);
  for (const label of about)
    if (!definitions.some(({ labels }) => Object.hasOwn(labels, label)))
      throw monitoringError('inhibition', 'labels that some metric has', label);
  const whole = wholeSubjects.filter((subject) => parts.has(subject));
  const page = ['severity="page"', 'escalated!="true"'];
  const lesser = ['severity=~"ticket|info"'];
  // True, and wanted, whatever the service does.
  const watchers = parts.has('pipeline') ? [...watcherAlerts, watchdogAlert] : [];
  const ofWholeSubject: NotedRule = {
    note: 'A page about a whole subject over the tickets about its parts.',
    rule: {
      source_matchers: [...page, `subject=~"${whole.join('|')}"`, ...about.map((label) => `${label}=""`)],
      target_matchers: lesser,
      equal: ['service', 'subject'],
    },
  };
  const ofOwn: NotedRule = {
    note: "The user's own alerts: a page over a ticket of the same name.",
    rule: {
      // They need not have to do with each other: only those of one name do.
      source_matchers: [...page, 'subject="own"'],
      target_matchers: lesser,
      equal: ['service', 'subject', 'alertname', ...about],
    },
  };
  return [
    {
      note: 'Nothing of the service can be seen: what else is told of it says no more.',
      rule: {
        source_matchers: [`alertname=~"${platformDownAlerts.join('|')}"`, 'severity="page"'],
        target_matchers: [
          `alertname!~"${[...platformDownAlerts, ...watchers].join('|')}"`,
          'escalated!="true"',
        ],
        equal: ['service'],
      },
    },
    {
      note: 'A page over the tickets about the same.',
      rule: {
        // Labels that neither has are equal: this is also for a page and a ticket about all of the subject.
        // But of the pipeline: its alerts have nothing to do with each other.
        source_matchers: [...page, 'subject!~"own|pipeline"'],
        target_matchers: lesser,
        equal: ['service', 'subject', 'slo', ...about],
      },
    },
    ...(whole.length === 0 ? [] : [ofWholeSubject]),
    ...(settings.alerts.length === 0 ? [] : [ofOwn]),
    ...causeRules(parts, page),
  ];
}
