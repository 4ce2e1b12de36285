/**
 * Alerts of the example: none on a good day, and a page during an outage. The test does not take two hours: the service runs
 * until some issues have ended, and promtool extrapolates two scrapes to two hours and evaluates all rules of its bundle.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { parse } from 'yaml';
import { bundle } from '../../examples/monitoring/bundle.config.js';
import { generateBundle } from '../../lib/monitoring/bundle.js';
import { type ParsedSample, parseText } from '../helpers/parse-text.js';
import { testWith } from '../helpers/programs.js';
import { runProgram } from '../helpers/run-program.js';
import { startServiceProcess } from '../helpers/service-process.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { groupsFor, type WrittenGroup } from '../helpers/tests-by-alert.js';
import { until } from '../helpers/until.js';

const minutes = 120;
/** Issues that end before the first scrape, and between the scrapes. */
const issues = 25;
const target = 'job="tamma",instance="127.0.0.1:3000"';

interface Scrape {
  readonly at: number;
  readonly samples: readonly ParsedSample[];
}

/**
 * Series for promtool: counters grow at the rate between the first and the last scrape, and gauges cycle through the values of
 * all scrapes, so that a queue that is filled in one scrape is not filled for two hours.
 */
async function twoHours(t: ExecutionContext, env: Readonly<Record<string, string>>) {
  const service = await startServiceProcess(env);
  t.teardown(() => service.stop('SIGKILL'));
  const scrapes: Scrape[] = [];
  const scrapeFrom = (ended: number): Promise<Scrape> =>
    until(
      `${ended} issues have ended`,
      async () => {
        const samples = parseText(await (await fetch(`${service.url}/metrics`)).text());
        const scrape = { at: performance.now(), samples };
        scrapes.push(scrape);
        return endedIn(samples) >= ended ? scrape : undefined;
      },
      120_000,
      500,
    );
  const first = await scrapeFrom(issues);
  scrapes.length = 0;
  const last = await scrapeFrom(endedIn(first.samples) + issues);
  await service.stop('SIGKILL');
  const before = new Map(first.samples.map((sample) => [seriesOf(sample), sample.value]));
  const perMinute = 60_000 / (last.at - first.at);
  const values = scrapes.map(
    ({ samples }) => new Map(samples.map((sample) => [seriesOf(sample), sample.value])),
  );
  const inTurn = (series: string, value: number): string =>
    Array.from({ length: minutes + 1 }, (_, minute) =>
      String(values[minute % values.length]?.get(series) ?? value),
    ).join(' ');
  return [
    { series: `up{${target}}`, values: `1x${minutes}` },
    ...last.samples.filter(isOfTheService).map((sample) => {
      const series = seriesOf(sample);
      if (!isCounted(sample)) return { series, values: inTurn(series, sample.value) };
      const pace = (sample.value - (before.get(series) ?? 0)) * perMinute;
      return { series, values: `${sample.value}+${pace}x${minutes}` };
    }),
  ];
}

function endedIn(samples: readonly ParsedSample[]): number {
  return samples
    .filter(({ name }) => name === 'issues_processed_total')
    .reduce((sum, { value }) => sum + value, 0);
}

function seriesOf({ name, labels }: ParsedSample): string {
  const own = Object.entries(labels).map(([label, value]) => `,${label}=${JSON.stringify(value)}`);
  return `${name}{${target}${own.join('')}}`;
}

function isCounted({ name }: ParsedSample): boolean {
  return /_(total|count|sum|bucket)$/.test(name);
}

/** Leaves out metrics that depend on the speed of the machine and on the age of the process. */
function isOfTheService({ name, value }: ParsedSample): boolean {
  return !/^(nodejs|process)_/.test(name) && Number.isFinite(value);
}

interface Expectation {
  readonly expr: string;
  readonly samples: readonly string[];
  /** Minutes. */
  readonly times: readonly number[];
}

/** @param alerts tests only these, and the rules that they read. Default: all rules of the example's bundle */
async function passes(
  t: ExecutionContext,
  promtool: string,
  inputSeries: readonly object[],
  { expr, samples, times }: Expectation,
  alerts?: readonly string[],
): Promise<void> {
  const folder = await temporaryFolder(t);
  const { files } = await generateBundle(bundle);
  const all = files
    .filter(({ path }) => path.startsWith('prometheus/rules/'))
    .flatMap(({ content }) => (parse(content) as { groups: WrittenGroup[] }).groups);
  const groups = alerts === undefined ? all : groupsFor(all, alerts);
  await writeFile(join(folder, 'rules.json'), JSON.stringify({ groups }));
  const file = {
    rule_files: ['rules.json'],
    evaluation_interval: '1m',
    tests: [
      {
        interval: '1m',
        input_series: inputSeries,
        promql_expr_test: times.map((time) => ({
          expr,
          eval_time: `${time}m`,
          exp_samples: samples.map((labels) => ({ labels, value: 1 })),
        })),
      },
    ],
  };
  await writeFile(join(folder, 'hours.test.json'), JSON.stringify(file));
  const { code, output } = await runProgram(promtool, ['test', 'rules', 'hours.test.json'], { cwd: folder });
  t.is(code, 0, output);
}

testWith(
  ['promtool'],
  'the example with default settings is healthy: in two hours only the Watchdog fires',
  async (t, { promtool }) => {
    await passes(t, promtool, await twoHours(t, {}), {
      expr: 'group by (alertname) (ALERTS{alertstate="firing"})',
      samples: ['{alertname="Watchdog"}'],
      times: [10, 20, 30, 45, 60, 75, 90, 105, 120],
    });
  },
  'newer',
);

testWith(
  ['promtool'],
  'SANDBOX=failing shows an incident: the overloaded provider causes a page',
  async (t, { promtool }) => {
    const expectation = {
      expr: 'group by (alertname, severity, provider) (ALERTS{alertstate="firing"})',
      samples: [
        '{alertname="AiErrors",provider="anthropic",severity="page"}',
        '{alertname="AiErrorsElevated",provider="anthropic",severity="ticket"}',
      ],
      times: [30],
    };
    const series = await twoHours(t, { SANDBOX: 'failing' });
    await passes(t, promtool, series, expectation, ['AiErrors', 'AiErrorsElevated']);
  },
  'newer',
);
