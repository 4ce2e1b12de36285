/** Inhibition: which alert is suppressed because another one already reports the problem. */
import type { BundlePart } from '../bundle-parts.js';
import { check } from '../checks.js';
import type { BundleSettings } from '../settings.js';
import { templatePart } from '../yaml-file.js';

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
  sources: readonly string[],
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

/** Values of the template `alertmanager.yml`. */
export function inhibition({ parts, definitions, alerts }: BundleSettings): object {
  const shared = sharedLabels.filter(([, part]) => parts.has(part)).map(([label]) => label);
  for (const label of shared) {
    const isUsed = definitions.some(({ labels }) => Object.hasOwn(labels, label));
    check(isUsed, 'inhibition', 'labels that some metric has', label);
  }
  return {
    shared,
    withoutShared: shared.map((label) => `${label}=""`),
    wholeSubjects: wholeSubjects.filter((subject) => parts.has(subject)).join('|'),
    watchers: parts.has('pipeline') ? '|NotificationsFailing|RuleFailures|Watchdog' : '',
    hasOwnAlerts: alerts.length > 0,
    causes: causeRules(parts),
  };
}

function causeRules(parts: ReadonlySet<BundlePart>): unknown[] {
  const existing = (names: readonly string[]): string =>
    names
      .filter((name) => alertsOfParts.every(([start, part]) => !start.test(name) || parts.has(part)))
      .join('|');
  const first = 'From here on: the page of a cause suppresses the pages of its effects.';
  return causes
    .map(([sources, effects, shared = []]) => ({
      sources: existing(sources),
      targets: existing(effects),
      shared,
    }))
    .filter(({ sources, targets }) => sources !== '' && targets !== '')
    .map((rule, index) =>
      templatePart('alertmanager/alertmanager.yml', 'cause', {
        ...rule,
        comment: index === 0 ? first : undefined,
      }),
    );
}
