/** Routes of Alertmanager, and inhibition: which alert is suppressed because another one already reports the problem. */
import type { BundlePart } from '../bundle-parts.js';
import { check } from '../checks.js';
import { duration } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import { timeIntervals } from './quiet-hours.js';

/** Alerts for a service that cannot be scraped: they suppress every other alert of the service. */
const platformDownAlerts: readonly string[] = Object.freeze(['TargetsDown', 'TargetsAbsent']);
/** Alerts about the monitoring itself, which are never suppressed. */
const watcherAlerts: readonly string[] = Object.freeze(['NotificationsFailing', 'RuleFailures']);
/** The alert that always fires. */
const watchdogAlert = 'Watchdog';

/** Labels, by part, whose value a page and the tickets that it suppresses must share. */
const sharedLabels: readonly (readonly [label: string, part: BundlePart])[] = [
  ['provider', 'provider'],
  ['platform', 'platform'],
  ['workflow_type', 'workflow'],
  ['route', 'http'],
];
/** Subjects in which a page without any of these labels suppresses all tickets. */
const wholeSubjects = ['workflow', 'provider', 'platform', 'http'] as const satisfies BundlePart[];

/** Pages of a cause, and the pages of its effects, as regular expressions: one outage is one page. */
const causes: readonly (readonly [
  causes: readonly string[],
  effects: readonly string[],
  /** Labels that cause and effect must share besides `service`. */
  shared?: readonly string[],
])[] = [
  [['AiAllProvidersFailing'], ['AiErrors', 'SloAiRequest.+']],
  [['AiErrors'], ['SloAiRequest.+'], ['provider']],
  [
    ['AiAllProvidersFailing', 'AiErrors', 'PlatformErrors'],
    ['Workflows.+', 'SloWorkflow.+', 'SloIssue.+'],
  ],
  [['WorkflowsFailing'], ['WorkflowsWithoutSuccess', 'SloWorkflow.+', 'SloIssue.+']],
  [['WorkflowsWithoutSuccess'], ['SloWorkflow.+', 'SloIssue.+']],
  [['SloWorkflowSuccessBurnsFast'], ['SloIssueSuccessBurnsFast']],
  [['HttpErrors'], ['SloHttp.+', 'SloWebhook.+']],
  [['SloHttpAvailabilityBurnsFast'], ['SloWebhook.+']],
  [['ServiceCrashLoop'], ['Workflows.+', 'HttpErrors', 'SloHttp.+', 'SloWorkflow.+', 'SloIssue.+']],
];

/** How the names of a part's alerts start. Every service has the other alerts. */
const alertsOfParts: readonly (readonly [names: RegExp, part: BundlePart])[] = [
  [/^(Slo)?Ai/, 'provider'],
  [/^(Platform|SloWebhook)/, 'platform'],
  [/^(Workflows|SloWorkflow|SloIssue)/, 'workflow'],
  [/^(Slo)?Http/, 'http'],
];

/** The root of the routing tree: its own receiver is for alerts that no route below matches. */
export function rootRoute({ intervals, parts, quietHours }: BundleSettings): object {
  const quiet = timeIntervals(quietHours).map(({ name }) => name);
  const muted = quiet.length === 0 ? {} : { mute_time_intervals: quiet };
  const repeat = Math.min(60, intervals.repeatSeconds);
  const watchdog = {
    '#': 'If its notifications stop, no alert is delivered any more.',
    receiver: 'dead-mans-switch',
    matchers: [`alertname="${watchdogAlert}"`],
    group_wait: '0s',
    group_interval: duration(Math.min(repeat / 2, intervals.groupIntervalSeconds)),
    repeat_interval: duration(repeat),
  };
  return {
    '#': 'For alerts that no route below matches.',
    receiver: 'tickets',
    group_by: ['service', 'subject', 'alertname'],
    group_wait: duration(intervals.groupWaitSeconds),
    group_interval: duration(intervals.groupIntervalSeconds),
    repeat_interval: duration(intervals.repeatSeconds),
    routes: [
      ...(parts.has('pipeline') ? [watchdog] : []),
      {
        '#': 'Pages that have fired for an hour, from prometheus/rules/alerts-escalation.yml.',
        receiver: 'escalation',
        matchers: ['escalated="true"'],
        group_by: ['service'],
      },
      { receiver: 'pager', matchers: ['severity="page"'] },
      { receiver: 'tickets', matchers: ['severity="ticket"'], ...muted },
      { receiver: 'log', matchers: ['severity=~"info|none"'], ...muted },
    ],
  };
}

const page = ['severity="page"', 'escalated!="true"'];
const lesser = ['severity=~"ticket|info"'];

/** @throws ERR_METRICS_INVALID_MONITORING if no metric has a label any more that pages are told apart by */
export function inhibitRules({ parts, definitions, alerts }: BundleSettings): object[] {
  const shared = sharedLabels.filter(([, part]) => parts.has(part)).map(([label]) => label);
  for (const label of shared)
    check(
      definitions.some(({ labels }) => Object.hasOwn(labels, label)),
      'inhibition',
      'labels that some metric has',
      label,
    );
  const whole = wholeSubjects.filter((subject) => parts.has(subject));
  const watchers = parts.has('pipeline') ? [...watcherAlerts, watchdogAlert] : [];
  const ofWholeSubject = {
    '#': 'A page about a whole subject suppresses the tickets about its parts.',
    source_matchers: [...page, `subject=~"${whole.join('|')}"`, ...shared.map((label) => `${label}=""`)],
    target_matchers: lesser,
    equal: ['service', 'subject'],
  };
  const ofUser = {
    '#': "The user's own alerts: a page suppresses tickets of the same name.",
    source_matchers: [...page, 'subject="own"'],
    target_matchers: lesser,
    equal: ['service', 'subject', 'alertname', ...shared],
  };
  return [
    {
      '#': 'A service that cannot be scraped: its other alerts add nothing.',
      source_matchers: [`alertname=~"${platformDownAlerts.join('|')}"`, 'severity="page"'],
      target_matchers: [
        `alertname!~"${[...platformDownAlerts, ...watchers].join('|')}"`,
        'escalated!="true"',
      ],
      equal: ['service'],
    },
    {
      // A label that both lack is equal, so this covers pages and tickets about all of a subject too. Not for the pipeline, whose alerts
      // are independent of each other.
      '#': 'A page suppresses the tickets about the same labels.',
      source_matchers: [...page, 'subject!~"own|pipeline"'],
      target_matchers: lesser,
      equal: ['service', 'subject', 'slo', ...shared],
    },
    ...(whole.length === 0 ? [] : [ofWholeSubject]),
    ...(alerts.length === 0 ? [] : [ofUser]),
    ...causeRules(parts),
  ];
}

function causeRules(parts: ReadonlySet<BundlePart>): object[] {
  const existing = (names: readonly string[]): string =>
    names
      .filter((name) => alertsOfParts.every(([names, part]) => !names.test(name) || parts.has(part)))
      .join('|');
  return causes
    .map(([sources, effects, shared = []]) => ({
      source: existing(sources),
      target: existing(effects),
      shared,
    }))
    .filter(({ source, target }) => source !== '' && target !== '')
    .map(({ source, target, shared }, index) => ({
      ...(index === 0
        ? { '#': 'From here on: the page of a cause suppresses the pages of its effects.' }
        : {}),
      source_matchers: [`alertname=~"${source}"`, ...page],
      target_matchers: [`alertname=~"${target}"`, ...page],
      equal: ['service', ...shared],
    }));
}
