/** Alerts on plausible days and nights, with and without incidents. `test/fixtures/alert-days` lists the days and their alerts. */
import test from 'ava';
import { http, processes } from '../../../fixtures/alert-days/http.js';
import { budgets, limits, spikes } from '../../../fixtures/alert-days/limits.js';
import { newSeries } from '../../../fixtures/alert-days/new-series.js';
import { objectives } from '../../../fixtures/alert-days/objectives.js';
import { pipeline, slowScrapes } from '../../../fixtures/alert-days/pipeline.js';
import { platforms } from '../../../fixtures/alert-days/platforms.js';
import { providers } from '../../../fixtures/alert-days/providers.js';
import { queues, surges } from '../../../fixtures/alert-days/queues.js';
import { targets } from '../../../fixtures/alert-days/targets.js';
import { workflows } from '../../../fixtures/alert-days/workflows.js';
import { type AlertFamily, checkDays } from '../../../helpers/alert-days.js';
import { testWith } from '../../../helpers/programs.js';
import { alertsOf } from '../../../helpers/user-alert.js';

const families: Readonly<Record<string, AlertFamily>> = {
  'targets that come and go': targets,
  'workflows and approvals': workflows,
  'queues that several processes report': queues,
  escalations: surges,
  'AI providers that fail or are slow': providers,
  'rate limits of AI providers': limits,
  costs: spikes,
  'monthly budget': budgets,
  'git platforms, their quotas and their webhooks': platforms,
  'inbound requests and health checks': http,
  'Node processes': processes,
  'rare events that create new series': newSeries,
  'the metrics pipeline': pipeline,
  'slow scrapes': slowScrapes,
  'error budgets': objectives,
};

for (const [name, family] of Object.entries(families)) {
  testWith(
    ['promtool'],
    `${name}: exactly the expected alerts fire on each of ${family.days.length} days`,
    (t, { promtool }) => checkDays(t, promtool, family),
    'newer',
  );
  // Days that users reported are also checked with the older version.
  const days = family.days.filter(({ isCase }) => isCase);
  if (days.length > 0)
    testWith(
      ['promtool'],
      `${name}: days that users reported pass with the installed promtool`,
      (t, { promtool }) => checkDays(t, promtool, { ...family, days }),
    );
}

test('every alert has days, except Watchdog and one that compares a number with a fixed limit', (t) => {
  const covered = new Set(Object.values(families).flatMap(({ alerts }) => alerts));
  const names = alertsOf().map(({ name }) => name);
  t.deepEqual(
    names.filter((name) => !covered.has(name)),
    ['ScrapeNearLimit', 'Watchdog'],
  );
  const days = Object.values(families).flatMap((family) => family.days);
  t.is(days.filter(({ isCase }) => isCase).length, 11);
});
