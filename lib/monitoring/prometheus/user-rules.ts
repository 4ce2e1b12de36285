/** Rules and alerts of the user's own, held to their shape: options may come from a file that no compiler has read. */
import { madeDashboards } from '../bundle-parts.js';
import { type Alert, type AlertCase, type RecordingRule, severities } from '../model.js';
import { monitoringError } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';

/** @throws ERR_METRICS_INVALID_MONITORING for a field that is missing or of another type, with the alert's name */
export function checkOwnRules({
  alerts,
  recordingRules,
  readable,
  parts,
}: Pick<BundleSettings, 'alerts' | 'recordingRules' | 'readable' | 'parts'>): void {
  const dashboards = madeDashboards({ parts });
  for (const alert of alerts) checkAlert(alert, dashboards);
  for (const { record, expression } of recordingRules as readonly Partial<RecordingRule>[]) {
    if (typeof record !== 'string' || !/^[a-zA-Z_:][\w:]*$/.test(record))
      throw monitoringError('name of a recording rule', 'level:metric:operations', record);
    if (readable.has(record))
      throw monitoringError('name of a recording rule', 'a name that no metric has', record);
    checkText(expression, `\`expression\` of record \`${record}\``, 'PromQL');
  }
}

function checkAlert(alert: Partial<Alert>, dashboards: readonly string[]): void {
  const { name, severity, forSeconds, dashboard, runbook, tests } = alert;
  checkText(name, '`name` of an alert', 'CamelCase letters and digits');
  const of = (field: string): string => `\`${field}\` of alert \`${name}\``;
  for (const field of ['expression', 'summary', 'description'] as const)
    checkText(alert[field], of(field), field === 'expression' ? 'PromQL' : 'a sentence');
  checkOneOf(severity, severities, of('severity'));
  checkOneOf(dashboard, dashboards, of('dashboard'));
  if (typeof forSeconds !== 'number' || !(forSeconds >= 0) || forSeconds === Number.POSITIVE_INFINITY)
    throw monitoringError(of('forSeconds'), 'seconds, 0 or more', forSeconds);
  if (!isObject(runbook))
    throw monitoringError(of('runbook'), '{ meaning, query, causes, actions }', runbook);
  checkText(runbook.meaning, of('runbook.meaning'), 'a sentence');
  checkText(runbook.query, of('runbook.query'), 'PromQL');
  for (const list of ['causes', 'actions'] as const)
    if (!Array.isArray(runbook[list]))
      throw monitoringError(of(`runbook.${list}`), 'a list of sentences', runbook[list]);
  if (!isObject(tests))
    throw monitoringError(
      of('tests'),
      '{ fires, quiet }: a series on which it fires, and one on which it does not',
      tests,
    );
  checkCase(tests.fires, of('tests.fires'));
  checkCase(tests.quiet, of('tests.quiet'));
}

function checkCase(given: Partial<AlertCase> | undefined, what: string): void {
  if (!isObject(given) || !isObject(given.series))
    throw monitoringError(
      what,
      '{ series, atMinutes }, where series has values by the name of a series',
      given,
    );
  if (typeof given.atMinutes !== 'number' || !(given.atMinutes >= 0))
    throw monitoringError(what, 'minutes in `atMinutes`', given.atMinutes);
}

function checkText(value: unknown, what: string, expected: string): void {
  if (typeof value !== 'string' || value.trim() === '') throw monitoringError(what, expected, value);
}

function checkOneOf(value: unknown, all: readonly string[], what: string): void {
  if (!all.includes(value as string)) throw monitoringError(what, `one of ${all.join(', ')}`, value);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
