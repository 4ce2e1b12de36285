import test from 'ava';
import { parse } from 'yaml';
import { alertGroups } from '../../../../lib/monitoring/alerts/alert-groups.js';
import { runbookUrl } from '../../../../lib/monitoring/alerts/runbook-links.js';
import { runbookFiles } from '../../../../lib/monitoring/alerts/runbooks.js';
import { defaultThresholds } from '../../../../lib/monitoring/alerts/thresholds.js';
import { type Alert, isAlert, type RuleGroup } from '../../../../lib/monitoring/model.js';
import { ruleFiles } from '../../../../lib/monitoring/prometheus/rule-files.js';
import { ruleTestFiles } from '../../../../lib/monitoring/prometheus/rule-tests.js';
import { type BundleOptions, bundleSettings } from '../../../../lib/monitoring/settings.js';
import { alertsOf, filesOf, groupsOf, jobsLost, ownAlert } from '../../../helpers/user-alert.js';

test('every alert has a unique name, texts, both test cases and a runbook section', (t) => {
  const { groups, settings } = groupsOf({ alerts: [ownAlert], definitions: [jobsLost] });
  const alerts = groups.flatMap(({ rules }) => rules.filter(isAlert));
  const runbooks = new Map(runbookFiles(groups, settings).map(({ path, content }) => [path, content]));
  t.is(new Set(alerts.map(({ name }) => name)).size, alerts.length);
  for (const alert of alerts) {
    const [file = '', anchor] = runbookUrl(alert, settings.runbookUrl).split('#');
    const headings = [...(runbooks.get(file)?.matchAll(/^## (\w+)$/gm) ?? [])].map(([, name]) => name);
    t.true(headings.includes(alert.name), `${alert.name} in ${file}`);
    t.is(anchor, alert.name.toLowerCase());
    t.true(alert.summary.length > 0 && alert.summary.length <= 100, alert.name);
    t.regex(alert.description, /\$value|\$labels/, alert.name);
    t.true(alert.runbook.causes.length > 0 && alert.runbook.actions.length > 0, alert.name);
    t.true(alert.severity === 'none' || Object.keys(alert.tests.quiet.series).length > 0, alert.name);
    t.true(Object.keys(alert.tests.fires.series).length > 0, alert.name);
  }
});

test('rules have labels for severity, subject and service, and links to runbook and dashboard', (t) => {
  const { groups, settings } = groupsOf({
    runbookUrl: 'https://example.com/runbooks/',
    grafanaUrl: 'https://grafana.example.com',
  });
  const file = ruleFiles(groups, settings).find(
    ({ path }) => path === 'prometheus/rules/alerts-provider.yml',
  );
  const { groups: written } = parse(file?.content ?? '') as {
    groups: { rules: Record<string, unknown>[] }[];
  };
  const rule = written[0]?.rules.find(({ alert }) => alert === 'AiErrors');
  t.is(rule?.for, '2m');
  t.deepEqual(rule?.labels, { severity: 'page', subject: 'provider', service: 'tamma' });
  t.like(rule?.annotations, {
    runbook_url: 'https://example.com/runbooks/provider.md#aierrors',
    dashboard_url: 'https://grafana.example.com/d/tamma-ai',
  });
});

test('a page has the labels by which it inhibits its ticket', (t) => {
  const alerts = alertsOf();
  const twins = alerts.filter(({ name }) => name.endsWith('Elevated'));
  t.deepEqual(
    twins.map(({ name }) => name),
    ['WorkflowsFailingElevated', 'AiErrorsElevated', 'PlatformErrorsElevated', 'HttpErrorsElevated'],
  );
  for (const ticket of twins) {
    const page = alerts.find(({ name }) => name === ticket.name.replace('Elevated', ''));
    t.is(ticket.severity, 'ticket');
    t.is(page?.severity, 'page');
    t.is(page?.subject, ticket.subject);
    t.deepEqual(page?.tests.fires.labels, ticket.tests.fires.labels);
  }
});

test('every threshold changes a rule', (t) => {
  const expressions = (options: BundleOptions) =>
    new Map(alertsOf(options).map((alert) => [alert.name, alert.expression]));
  const before = expressions({});
  const after = expressions({ thresholds: { queueDepth: 7 } });
  t.true(after.get('QueueBacklog')?.endsWith('> 7'));
  after.set('QueueBacklog', before.get('QueueBacklog') ?? '');
  t.deepEqual(after, before);
  for (const name of Object.keys(defaultThresholds) as (keyof typeof defaultThresholds)[]) {
    const other = expressions({ thresholds: { [name]: defaultThresholds[name] * 0.9 } });
    t.notDeepEqual(other, before, name);
  }
});

test('without a budget there is no budget alert', (t) => {
  const names = alertsOf({ thresholds: { aiMonthlyBudgetUsd: 0 } }).map(({ name }) => name);
  t.false(names.includes('AiBudgetForecast'));
  t.is(names.length, alertsOf().length - 1);
});

test('an unknown, non-numeric or unreachable threshold is refused', (t) => {
  const given = (thresholds: object) => () => bundleSettings({ thresholds });
  const code = 'ERR_METRICS_INVALID_MONITORING';
  t.throws(given({ queueDeph: 3 }), { code, message: /Did you mean `queueDepth`\?/ });
  t.throws(given({ queueDepth: '3' }), { code, message: /threshold `queueDepth`.*expected a number/ });
  t.throws(given({ queueDepth: 0 }), { code, message: /expected a number above 0, received 0/ });
  t.throws(given({ aiErrorShare: 1 }), { code, message: /expected a share above 0 and below 1/ });
});

test('a user’s alert with a used name, an invalid name or another subject is refused', (t) => {
  const given =
    (...alerts: readonly Alert[]) =>
    () =>
      alertGroups(bundleSettings({ alerts }));
  const code = 'ERR_METRICS_INVALID_MONITORING';
  t.throws(given({ ...ownAlert, name: 'AiErrors' }), { code, message: /a name that no other alert has/ });
  t.throws(given(ownAlert, ownAlert), { code, message: /a name that no other alert has/ });
  t.throws(given({ ...ownAlert, name: 'jobs lost' }), { code, message: /CamelCase/ });
  t.throws(given({ ...ownAlert, subject: 'http' }), { code, message: /expected "own", received "http"/ });
});

test('a user’s alert appears in rules, tests and runbooks', (t) => {
  const { groups, settings } = groupsOf({ alerts: [ownAlert], definitions: [jobsLost] });
  const rule = ruleFiles(groups, settings).find(({ path }) => path === 'prometheus/rules/alerts-own.yml');
  t.like(parse(rule?.content ?? '').groups[0].rules[0], {
    alert: 'JobsLost',
    for: '1m',
    labels: { team: 'delivery', severity: 'ticket', subject: 'own', service: 'tamma' },
  });
  const tests = ruleTestFiles(groups, settings).find(
    ({ path }) => path === 'prometheus/tests/alerts-own.test.yml',
  );
  t.deepEqual(parse(tests?.content ?? '').rule_files, ['../rules/alerts-own.yml']);
  const runbook = runbookFiles(groups, settings).find(({ path }) => path === 'runbooks/own.md');
  t.regex(runbook?.content ?? '', /## JobsLost\n(?:.*\n)*.*Jobs are taken and never finished/);
});

test('a test loads the rule files whose records its rules read, directly or not', (t) => {
  const { settings } = groupsOf();
  const alert: Alert = { ...ownAlert, expression: 'job:b:sum > 1' };
  const groups: RuleGroup[] = [
    { name: 'a', file: 'recording', rules: [{ record: 'job:a:sum', expression: 'sum by (job) (up)' }] },
    { name: 'c', file: 'unread', rules: [{ record: 'job:c:sum', expression: 'sum by (job) (up)' }] },
    { name: 'b', file: 'slo', rules: [{ record: 'job:b:sum', expression: 'job:a:sum * 2' }] },
    { name: 'own', file: 'alerts-own', rules: [alert] },
  ];
  const [file] = ruleTestFiles(groups, settings);
  const { rule_files, group_eval_order } = parse(file?.content ?? '');
  t.deepEqual(rule_files, ['../rules/recording.yml', '../rules/slo.yml', '../rules/alerts-own.yml']);
  t.deepEqual(group_eval_order, ['a', 'b', 'own']);
});

test('every series of a test case has a defined name and defined labels', (t) => {
  const { groups, settings } = groupsOf();
  const names = new Set(
    [...settings.readable.values()].flatMap(({ name }) =>
      ['', '_bucket', '_sum', '_count'].map((part) => name + part),
    ),
  );
  for (const alert of groups.flatMap(({ rules }) => rules.filter(isAlert)))
    for (const series of [alert.tests.fires, alert.tests.quiet].flatMap((one) => Object.keys(one.series)))
      t.true(names.has(series.replace(/\{.*/s, '')), series);
});

test('generating twice gives the same files', (t) => {
  const { groups, settings } = groupsOf();
  const all = () => [...filesOf().rules, ...filesOf().tests, ...runbookFiles(groups, settings)];
  t.deepEqual(all(), all());
  for (const { path, content } of all())
    t.regex(content, /^(?:#|<!--) Generated by `tamma-metrics bundle`/, path);
});
