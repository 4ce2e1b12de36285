/** Checks the user's own alerts and recording rules. */
import { madeDashboards } from '../bundle-parts.js';
import { check, isObject } from '../checks.js';
import { type Alert, severities } from '../model.js';
import type { BundleSettings } from '../settings.js';

type Test = (value: unknown) => boolean;

const isText: Test = (value) => typeof value === 'string' && value.trim() !== '';
const isDuration: Test = (value) => Number.isFinite(value) && (value as number) >= 0;
const isOneOf =
  (names: readonly string[]): Test =>
  (value) =>
    names.includes(value as string);
const isCase: Test = (value) => isObject(value) && 'series' in value && isObject(value.series);

/** Path of a field of an alert, its check, what is expected. Parents come before their fields. */
const fields: readonly (readonly [path: string, isValid: Test, expected: string])[] = [
  ['expression', isText, 'PromQL'],
  ['summary', isText, 'a sentence'],
  ['description', isText, 'a sentence'],
  ['severity', isOneOf(severities), `one of ${severities.join(', ')}`],
  ['forSeconds', isDuration, 'seconds, 0 or more'],
  ['runbook', isObject, '{ meaning, query, causes, actions }'],
  ['runbook.meaning', isText, 'a sentence'],
  ['runbook.query', isText, 'PromQL'],
  ['runbook.causes', Array.isArray, 'a list of sentences'],
  ['runbook.actions', Array.isArray, 'a list of sentences'],
  ['tests', isObject, '{ fires, quiet }: series for which it fires, and series for which it does not'],
  ['tests.fires', isCase, '{ series, atMinutes }, where `series` maps a series to its values'],
  ['tests.fires.atMinutes', isDuration, 'minutes, 0 or more'],
  ['tests.quiet', isCase, '{ series, atMinutes }, where `series` maps a series to its values'],
  ['tests.quiet.atMinutes', isDuration, 'minutes, 0 or more'],
];

/** @throws ERR_METRICS_INVALID_MONITORING for a missing or invalid field, with the name of the alert or record */
export function checkUserRules(settings: BundleSettings): void {
  const { alerts, recordingRules, readable, parts } = settings;
  const dashboards = madeDashboards({ parts });
  for (const alert of alerts as readonly Partial<Alert>[]) {
    const { name, dashboard } = alert;
    check(isText(name), '`name` of an alert', 'CamelCase letters and digits', name);
    for (const [path, isValid, expected] of fields) {
      const value = path
        .split('.')
        .reduce<unknown>((parent, key) => (parent as Record<string, unknown>)[key], alert);
      check(isValid(value), `\`${path}\` of alert \`${name}\``, expected, value);
    }
    const expected = `one of ${dashboards.join(', ')}`;
    check(isOneOf(dashboards)(dashboard), `\`dashboard\` of alert \`${name}\``, expected, dashboard);
  }
  for (const { record, expression } of recordingRules) {
    const what = 'name of a recording rule';
    const isName = typeof record === 'string' && /^[a-zA-Z_:][\w:]*$/.test(record);
    check(isName, what, 'level:metric:operations', record);
    check(!readable.has(record), what, 'a name that no metric has', record);
    check(isText(expression), `\`expression\` of record \`${record}\``, 'PromQL', expression);
  }
}
