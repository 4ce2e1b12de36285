/** The alerts of the bundle, one group per subject. */
import { check } from '../checks.js';
import { type Alert, isAlert, type RuleGroup, type Subject } from '../model.js';
import type { BundleSettings } from '../settings.js';
import { httpAlerts } from './http.js';
import { pipelineAlerts } from './pipeline.js';
import { platformAlerts } from './platform.js';
import { processAlerts } from './process.js';
import { providerAlerts } from './provider.js';
import { targetAlerts } from './targets.js';
import { workflowAlerts } from './workflow.js';

const bySubject: readonly (readonly [Subject, (settings: BundleSettings) => readonly Alert[]])[] = [
  ['targets', targetAlerts],
  ['workflow', workflowAlerts],
  ['provider', providerAlerts],
  ['platform', platformAlerts],
  ['http', httpAlerts],
  ['process', processAlerts],
  ['pipeline', pipelineAlerts],
];

/** Alerts of the bundle's parts, then the user's own. */
export function alertGroups(settings: BundleSettings): RuleGroup[] {
  const included: ReadonlySet<Subject> = new Set(['targets', ...settings.parts]);
  const groups = bySubject
    .filter(([subject]) => included.has(subject))
    .map(([subject, alertsFor]) => group(settings, subject, alertsFor(settings)));
  return settings.alerts.length === 0
    ? groups
    : [...groups, group(settings, 'own', ownAlerts(settings.alerts, groups))];
}

function group({ prefix }: BundleSettings, subject: Subject, rules: readonly Alert[]): RuleGroup {
  return { name: `${prefix}-${subject}-alerts`, file: `alerts-${subject}`, rules };
}

/** @throws ERR_METRICS_INVALID_MONITORING for a name that is invalid or taken, or a subject other than `own` */
function ownAlerts(alerts: readonly Alert[], groups: readonly RuleGroup[]): readonly Alert[] {
  const taken = new Set(groups.flatMap(({ rules }) => rules.filter(isAlert).map(({ name }) => name)));
  const what = 'name of an alert';
  for (const { name, subject } of alerts) {
    check(/^[A-Z][A-Za-z0-9]*$/.test(name), what, 'CamelCase letters and digits', name);
    check(!taken.has(name), what, 'a name that no other alert has', name);
    check(subject === 'own', `subject of alert \`${name}\``, '"own"', subject);
    taken.add(name);
  }
  return alerts;
}
