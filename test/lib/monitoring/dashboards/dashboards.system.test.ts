import { join } from 'node:path';
import { setTimeout as elapsed } from 'node:timers/promises';
import { bundle as example } from '../../../../examples/monitoring/bundle.config.js';
import { generateBundle, ruleGroups } from '../../../../lib/monitoring/bundle.js';
import { grafanaFiles } from '../../../../lib/monitoring/dashboards/grafana-files.js';
import type { PanelQuery } from '../../../../lib/monitoring/model.js';
import { type BundleOptions, bundleSettings } from '../../../../lib/monitoring/settings.js';
import { writeBundle } from '../../../../lib/monitoring/write-bundle.js';
import { startCli } from '../../../helpers/cli.js';
import { boardsIn } from '../../../helpers/dashboard-json.js';
import { freePort } from '../../../helpers/free-port.js';
import { searchPath, testWith } from '../../../helpers/programs.js';
import { queryPrometheus } from '../../../helpers/prometheus.js';
import { startServiceProcess } from '../../../helpers/service-process.js';
import { temporaryFolder } from '../../../helpers/temporary-folder.js';
import { until } from '../../../helpers/until.js';

/** Panels whose queries have no data here, by the reason. */
const withoutData: Readonly<Record<string, readonly string[]>> = {
  'the example decorates no method with `@Timed` or `@TracksGauge` without a metric': [
    'Calls in progress',
    'Duration of calls: percentiles',
    'Duration of calls: p95 by class, method',
    'Duration of calls: distribution',
  ],
  'it shows failures, and there are none': [
    'Recordings that failed',
    'Collect functions that failed',
    // First queries of runbooks.
    'TargetsDown',
    'HttpErrors',
    'HttpErrorsElevated',
    'PageUnattended',
    'MetricsRecordingErrors',
    'MetricsCollectorErrors',
    'RuleFailures',
  ],
  'nothing is pushed': ['Time since the last push', 'Pushes that failed', 'MetricsPushFailing'],
  'the example is not a cluster': ['Workers of a cluster', 'MetricsWorkersSilent'],
};

testWith(
  ['prometheus', 'alertmanager'],
  'every query of every panel and variable has data when Prometheus scrapes the example',
  async (t) => {
    t.timeout(600_000);
    // With this limit, some recordings are folded.
    const service = await startServiceProcess({
      REPLAY_PACE: '100',
      SANDBOX: 'failing',
      METRICS_MAX_SERIES: '50',
    });
    t.teardown(() => service.stop());
    const prometheus = `127.0.0.1:${await freePort()}`;
    const { include, definitions, slos, alerts } = example;
    const options = {
      target: '3',
      ...{ include, definitions, slos, alerts },
      targets: [new URL(service.url).host],
      prometheus,
      alertmanager: `127.0.0.1:${await freePort()}`,
      intervals: { scrapeSeconds: 1, speedUp: 75 },
    } as BundleOptions;
    const settings = bundleSettings(options);
    const { queries, files } = await grafanaFiles(settings, ruleGroups(settings));
    const folder = join(await temporaryFolder(t), 'bundle');
    await writeBundle(await generateBundle(options), folder);
    const up = startCli(['up', '--dir', folder], { PATH: searchPath('newer') });
    t.teardown(async () => {
      up.process.kill('SIGINT');
      await up.ended;
    });
    const isScraped = /target tamma \S+ up/;
    await until('the first scrape', async () => (isScraped.test(up.output()) ? true : undefined));

    const excused = new Set(Object.values(withoutData).flat());
    t.deepEqual(
      [...excused].filter((panel) => !queries.some((query) => query.panel === panel)),
      [],
      'the list names existing panels',
    );
    const answered = async (expression: string): Promise<boolean> => {
      const results = await queryPrometheus(`http://${prometheus}`, filled(expression, settings.job));
      return results.some(({ value }) => Number.isFinite(value));
    };
    let unanswered = queries.filter(({ panel }) => !excused.has(panel));
    try {
      await until(
        'data for every query',
        async () => {
          await fetch(`${service.url}/ready`);
          // Neither platform fails in the sandbox: unsigned webhooks make one of their alerts fire.
          for (let sent = 0; sent < 20; sent++)
            await fetch(`${service.url}/webhooks/github`, { method: 'POST', body: '{}' });
          const still: PanelQuery[] = [];
          for (const query of unanswered) if (!(await answered(query.expression))) still.push(query);
          unanswered = still;
          if (unanswered.length === 0) return true;
          // Without a pause, the queries would slow down the scrapes.
          await elapsed(1_000);
          return undefined;
        },
        540_000,
      );
    } catch (error) {
      t.log(
        unanswered
          .map(({ dashboard, panel, expression }) => `${dashboard} | ${panel} | ${expression}`)
          .join('\n'),
      );
      throw error;
    }
    t.is(unanswered.length, 0);
    // Queries without data are valid too.
    for (const { panel, expression } of queries)
      if (excused.has(panel)) await t.notThrowsAsync(answered(expression), panel);

    for (const { uid, templating } of boardsIn(files)) {
      for (const { name, type, query } of templating.list) {
        if (type !== 'query') continue;
        const asked = filled((query as { query: string }).query, settings.job);
        const [, selected = '', labelName = ''] = /^label_values\((.*), (\w+)\)$/.exec(asked) ?? [];
        const values = await fetch(
          `http://${prometheus}/api/v1/label/${labelName}/values?match[]=${encodeURIComponent(selected)}`,
        );
        const { data } = (await values.json()) as { data: string[] };
        t.true(data.length > 0, `${uid}: ${name}`);
      }
    }
  },
  // The files are the same for both versions, and only this one stores other bounds than the service exposes.
  'newer',
);

/** Replaces variables as Grafana does: the job is chosen, the others are All. */
function filled(expression: string, job: string): string {
  return expression
    .replaceAll('$__rate_interval', '30s')
    .replaceAll('$__range', '1m')
    .replaceAll('$job', job)
    .replaceAll(/\$\w+/g, '.*');
}
