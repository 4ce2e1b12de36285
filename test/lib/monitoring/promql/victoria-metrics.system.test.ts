/** The bundle with VictoriaMetrics instead of Prometheus: it scrapes with the configuration of the bundle, vmalert evaluates the rules. */
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { bundle as example } from '../../../../examples/monitoring/bundle.config.js';
import { generateBundle } from '../../../../lib/monitoring/bundle.js';
import type { BundleOptions, PrometheusVersion } from '../../../../lib/monitoring/settings.js';
import { writeBundle } from '../../../../lib/monitoring/write-bundle.js';
import { testWith } from '../../../helpers/programs.js';
import { queryPrometheus } from '../../../helpers/prometheus.js';
import { runProgram } from '../../../helpers/run-program.js';
import { startServiceProcess } from '../../../helpers/service-process.js';
import { temporaryFolder } from '../../../helpers/temporary-folder.js';
import { until } from '../../../helpers/until.js';
import { startVictoria } from '../../../helpers/victoria-metrics.js';

const { include, definitions, slos, alerts } = example;

async function writtenBundle(t: ExecutionContext, options: Partial<BundleOptions>): Promise<string> {
  const folder = join(await temporaryFolder(t), 'bundle');
  await writeBundle(
    await generateBundle({ include, definitions, slos, alerts, ...options } as BundleOptions),
    folder,
  );
  return folder;
}

for (const target of ['2.42', '3'] satisfies PrometheusVersion[]) {
  testWith(
    ['vmalert'],
    `vmalert accepts the rules of the bundle for Prometheus ${target}`,
    async (t, { vmalert }) => {
      const folder = await writtenBundle(t, { target });
      const { code, output } = await runProgram(vmalert, [
        '-dryRun',
        `-rule=${folder}/prometheus/rules/*.yml`,
      ]);
      t.is(code, 0, output);
      t.regex(output, /finished reading [1-9]\d* files/);
    },
    'newer',
  );
}

interface Rule {
  readonly name: string;
  readonly type: 'alerting' | 'recording';
  readonly health: string;
  readonly lastError?: string;
  readonly lastEvaluation: string;
  readonly state?: string;
}

async function rulesAt(vmalert: string): Promise<Rule[]> {
  const answer = await (await fetch(`${vmalert}/api/v1/rules`)).json();
  return (answer as { data: { groups: { rules: Rule[] }[] } }).data.groups.flatMap(({ rules }) => rules);
}

testWith(
  ['victoria-metrics', 'vmalert'],
  'with VictoriaMetrics, vmalert evaluates every rule, and TargetsDown fires when the service stops',
  async (t, programs) => {
    t.timeout(600_000);
    const service = await startServiceProcess();
    t.teardown(() => service.process.kill());
    const folder = await writtenBundle(t, {
      targets: [new URL(service.url).host],
      intervals: { scrapeSeconds: 1, evaluationSeconds: 1, speedUp: 75 },
    });
    const store = await startVictoria(programs['victoria-metrics'], [
      `-storageDataPath=${await temporaryFolder(t)}`,
      `-promscrape.config=${folder}/prometheus/prometheus.yml`,
      // VictoriaMetrics has no alerting section and fewer limits.
      '-promscrape.config.strictParse=false',
      '-search.latencyOffset=0s',
    ]);
    t.teardown(() => store.stop());
    const count = async (selector: string): Promise<number> =>
      (await queryPrometheus(store.url, `count(${selector})`))[0]?.value ?? 0;
    await until('a scrape', async () => ((await count('up{job="tamma"} == 1')) === 1 ? true : undefined));

    const vmalert = await startVictoria(programs.vmalert, [
      `-rule=${folder}/prometheus/rules/*.yml`,
      `-datasource.url=${store.url}`,
      `-remoteWrite.url=${store.url}`,
      `-remoteRead.url=${store.url}`,
      '-remoteWrite.flushInterval=500ms',
      '-evaluationInterval=1s',
      '-notifier.blackhole',
      '-rule.evalDelay=0s',
    ]);
    t.teardown(() => vmalert.stop());
    const rules = await until('an evaluation of every rule', async () => {
      const all = await rulesAt(vmalert.url);
      return all.every(({ lastEvaluation }) => !lastEvaluation.startsWith('0001-')) ? all : undefined;
    });
    t.true(rules.length > 100, `${rules.length} rules`);
    const stateOf = async (alert: string): Promise<string | undefined> =>
      (await rulesAt(vmalert.url)).find(({ name }) => name === alert)?.state;
    await until('the Watchdog', async () => ((await stateOf('Watchdog')) === 'firing' ? true : undefined));
    // Latency objectives select buckets by `le`, which VictoriaMetrics stores in the spelling of the text format.
    await until('an error ratio of each objective', async () => {
      const objectives = await count('slo:objective:ratio');
      return objectives > 0 && (await count('count by (slo) (slo:sli_error:ratio_rate1h)')) === objectives
        ? true
        : undefined;
    });
    t.not(await stateOf('TargetsDown'), 'firing');

    await service.stop();
    await until('TargetsDown', async () => ((await stateOf('TargetsDown')) === 'firing' ? true : undefined));
    t.deepEqual(
      (await rulesAt(vmalert.url)).filter(({ health, lastError }) => health !== 'ok' || lastError),
      [],
    );
  },
  'newer',
);
