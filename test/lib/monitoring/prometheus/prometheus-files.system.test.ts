import type { BundleOptions } from '../../../../lib/monitoring/settings.js';
import { startMetricsServer } from '../../../../middleware/metrics-server.js';
import { filesFor, fullRegistry, ruleFile } from '../../../helpers/full-registry.js';
import { testWithBoth } from '../../../helpers/programs.js';
import { startPrometheus } from '../../../helpers/prometheus.js';
import { runProgram } from '../../../helpers/run-program.js';
import { temporaryFolder } from '../../../helpers/temporary-folder.js';
import { until } from '../../../helpers/until.js';
import { writeFiles } from '../../../helpers/write-files.js';

testWithBoth(
  ['prometheus'],
  'Prometheus scrapes the full registry within the limits of the bundle',
  async (t, { prometheus }) => {
    const { registry, limits } = fullRegistry();
    const server = await startMetricsServer({ port: 0, host: '127.0.0.1' }, { registry });
    t.teardown(() => server.close());
    const own = await startPrometheus({
      program: prometheus,
      target: `${server.url}/metrics`,
      scrapeIntervalSeconds: 1,
      job: [
        `    sample_limit: ${limits.samples}`,
        `    label_limit: ${limits.labels}`,
        `    label_name_length_limit: ${limits.labelNameLength}`,
        `    label_value_length_limit: ${limits.labelValueLength}`,
        '',
      ].join('\n'),
    });
    t.teardown(() => own.stop());
    const scraped = await until('a scrape', async () => {
      const [result] = await own.query('scrape_samples_scraped{job="tamma"} > 1000');
      return result?.value;
    });
    t.true(scraped <= limits.samples, `${scraped} of ${limits.samples}`);
    t.is((await own.query('up{job="tamma"}'))[0]?.value, 1);
  },
);

// ---- promtool --------------------------------------------------------------------------------------------------------

for (const [what, options] of [
  ['defaults', {}],
  [
    'everything that can be set',
    {
      config: {
        token: 'sesame',
        pushUrl: 'http://127.0.0.1:9092',
        path: '/internal/metrics',
        service: 'agent',
      },
      targets: ['127.0.0.1:9464', '[::1]:9464'],
      target: '3',
      intervals: { scrapeSeconds: 0.5, evaluationSeconds: 2 },
      externalLabels: { cluster: 'eu' },
    },
  ],
] satisfies [string, BundleOptions][]) {
  testWithBoth(['promtool'], `promtool accepts the configuration with ${what}`, async (t, { promtool }) => {
    const folder = await temporaryFolder(t);
    await writeFiles(folder, [...filesFor(options), ruleFile]);
    const { code, output } = await runProgram(promtool, [
      'check',
      'config',
      `${folder}/prometheus/prometheus.yml`,
    ]);
    t.is(code, 0, output);
    t.regex(output, /SUCCESS: 1 rule files found/);
    t.regex(output, /recording\.yml\n\s*SUCCESS: 1 rules found/);
  });
}

testWithBoth(['promtool'], 'promtool accepts the configuration of the agent', async (t, { promtool }) => {
  const folder = await temporaryFolder(t);
  await writeFiles(folder, filesFor({ remoteWriteUrl: 'http://127.0.0.1:9009/api/v1/push' }));
  const { code, output } = await runProgram(promtool, [
    'check',
    'config',
    '--agent',
    `${folder}/prometheus/agent.yml`,
  ]);
  t.is(code, 0, output);
});
