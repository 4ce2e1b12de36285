/** The alerts of the dashboard: those of the bundle, evaluated over the history. */
import test from 'ava';
import { Registry } from 'prom-client';
import { httpServerRequestDuration } from '../../../lib/catalogue/http.js';
import { queueDepth } from '../../../lib/catalogue/workflow.js';
import { alertRules } from '../../../lib/history/alert-rules.js';
import { alertStates } from '../../../lib/history/alert-states.js';
import { MetricsHistory } from '../../../lib/history/metrics-history.js';
import { metricsIn } from '../../../lib/history/panels/build.js';
import { allSections, sectionsOf } from '../../../lib/history/panels/sections.js';
import { alertGroups } from '../../../lib/monitoring/alerts/alert-groups.js';
import { defaultThresholds } from '../../../lib/monitoring/alerts/thresholds.js';
import { bundleSettings } from '../../../lib/monitoring/settings.js';
import { MetricsRegistry } from '../../../lib/registry.js';

const rules = alertRules(defaultThresholds);

test('each alert has the name, the severity and the hold of one in the bundle, and a panel that shows it', (t) => {
  const bundle = alertGroups(bundleSettings()).flatMap(({ rules: all }) =>
    all.flatMap((rule) => ('severity' in rule ? [rule] : [])),
  );
  const panels = allSections.flatMap((section) => section.panels);
  for (const { name, severity, holdSeconds, panel, formula } of rules) {
    const same = bundle.find((alert) => alert.name === name);
    t.like(same, { severity, forSeconds: holdSeconds }, name);
    const metrics = panels.find(({ id }) => id === panel)?.metrics ?? [];
    t.true(
      metricsIn(formula).every((metric) => metrics.includes(metric)),
      `${name}: ${panel}`,
    );
  }
});

test('the ids of sections and panels are unique', (t) => {
  const ids = allSections.flatMap(({ id, panels }) => [id, ...panels.map((panel) => `panel ${panel.id}`)]);
  t.deepEqual(ids, [...new Set(ids)]);
});

test('only subjects of which there is a metric are shown, and metrics of no subject have a panel too', (t) => {
  const registry = new MetricsRegistry({ prometheus: new Registry() });
  const history = new MetricsHistory(1_000);
  t.deepEqual(sectionsOf(history), []);
  history.readInstrument(1, registry.gauge(queueDepth));
  history.readFamily(1, {
    name: 'imports_total',
    type: 'counter',
    help: 'Imports.',
    combine: 'sum',
    samples: [{ name: 'imports_total', labels: { source: 'x' }, value: 1 }],
  });
  t.deepEqual(
    sectionsOf(history).map(({ id, panels }) => [id, panels.map((panel) => panel.id)]),
    [
      ['waiting', ['queue-depth']],
      ['further', ['further-imports_total']],
    ],
  );
});

test('an alert is pending when its condition holds, fires when it has held long enough, and is ok afterwards', (t) => {
  const registry = new MetricsRegistry({ prometheus: new Registry() });
  const history = new MetricsHistory(10_000);
  const states = alertStates(history, rules);
  const requests = registry.histogram(httpServerRequestDuration);
  const seen: string[] = [];
  let now = 0;
  const pass = (seconds: number, failures: number): void => {
    for (let at = 0; at < seconds; at += 15) {
      now += 15_000;
      requests.observe({ method: 'GET', route: '/', status_code: '200' }, 0.01, 30);
      if (failures > 0) requests.observe({ method: 'GET', route: '/', status_code: '500' }, 0.01, failures);
      history.readInstrument(now, requests);
      const found = states.at(now).find(({ name }) => name === 'HttpErrors');
      if (found !== undefined && found.state !== seen.at(-1)) seen.push(found.state);
    }
  };
  pass(600, 0);
  pass(600, 30);
  const firing = states.at(now)[0];
  t.like(firing, {
    name: 'HttpErrors',
    severity: 'page',
    state: 'firing',
    value: 0.5,
    limit: 0.1,
    worse: 'above',
  });
  pass(600, 0);
  t.deepEqual(seen, ['unknown', 'ok', 'pending', 'firing', 'ok']);
});
