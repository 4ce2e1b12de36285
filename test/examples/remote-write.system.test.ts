/** Runs examples/remote-write/README.md as written: its files, its `sed` and its commands, on free ports with a 1 s interval. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual, promisify } from 'node:util';
import {
  type DocumentedCommand,
  documentedCommands,
  type RunningPrometheus,
  startDocumented,
} from '../helpers/documented-prometheus.js';
import { freePort } from '../helpers/free-port.js';
import { fromRoot } from '../helpers/package-root.js';
import { type ParsedSample, parseText } from '../helpers/parse-text.js';
import { testWithBoth } from '../helpers/programs.js';
import { type QueryResult, queryPrometheus } from '../helpers/prometheus.js';
import { deliver, keyOf, samplesOf, startServices } from '../helpers/sharded-services.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { until } from '../helpers/until.js';

const run = promisify(execFile);
const source = (name: string): Promise<string> => readFile(fromRoot(`examples/remote-write/${name}`), 'utf8');

const agentFiles = ['agent.yml', 'agent-1.yml'];

testWithBoth(
  ['promtool'],
  'promtool accepts the configuration files of the remote-write example',
  async (t, { promtool }) => {
    const folder = await temporaryFolder(t);
    await writeFiles(folder, {});
    t.regex((await run(promtool, ['check', 'config', 'receiver.yml'], { cwd: folder })).stdout, /SUCCESS/);
    for (const file of agentFiles) {
      const { stdout } = await run(promtool, ['check', 'config', '--agent', file], { cwd: folder });
      t.regex(stdout, /SUCCESS/, file);
    }
  },
);

testWithBoth(
  ['prometheus'],
  'two shards of two agents write every sample to a store, also if a replica or the store fails',
  async (t, { prometheus: program }) => {
    const services = await startServices(t);
    const folder = await temporaryFolder(t);
    const [storeCommand, ...agentCommands] = await runnable(program);
    if (storeCommand === undefined) throw new Error('README.md has no command for the store');
    const storeAddress = `127.0.0.1:${await freePort()}`;
    const edits = {
      'scrape_interval: 15s': 'scrape_interval: 1s',
      'batch_send_deadline: 5s': 'batch_send_deadline: 300ms',
      'send_interval: 1m': 'send_interval: 1s',
      '127.0.0.1:9090': storeAddress,
      [documentedTargets[0]]: services[0].address,
      [documentedTargets[1]]: services[1].address,
    };
    await writeFiles(folder, { 'agent.yml': edits });
    // The agents start first: they keep what they scrape until the store is up.
    const agents = new Map<string, RunningPrometheus>();
    for (const command of agentCommands) {
      const agent = await startDocumented(program, listeningOn(command, '127.0.0.1:0'), folder);
      // Without a store, it would retry for a minute before it ends.
      t.teardown(() => agent.stop('SIGKILL'));
      agents.set(agentName(command), agent);
    }
    t.deepEqual([...agents.keys()], ['0a', '0b', '1a', '1b']);
    const agentAddresses = [...agents.values()].map(({ url }) => new URL(url).host);
    await writeFiles(folder, {
      'agent.yml': edits,
      'receiver.yml': {
        'scrape_interval: 15s': 'scrape_interval: 1s',
        ...Object.fromEntries(
          agentAddresses.map((address, index) => [`127.0.0.1:${9091 + index}`, address] as const),
        ),
      },
    });
    // A look-back of five scrapes (20 in production, where it is 5 minutes), so that queries soon ignore ended series.
    const storeFlags = listeningOn(storeCommand, storeAddress);
    const command = { ...storeFlags, flags: [...storeFlags.flags, '--query.lookback-delta=5s'] };
    let store = await startDocumented(program, command, folder);
    t.teardown(() => store.stop());
    const ask = (expression: string): Promise<QueryResult[]> => queryPrometheus(store.url, expression);

    // Every target arrives once per replica, and from its own shard only.
    const expected = services.flatMap(({ address, shard }) =>
      ['a', 'b'].map((replica) => `${address} tamma-${shard} ${replica}`),
    );
    const writers = async (selector: string): Promise<string[]> =>
      (await ask(`count by (instance, cluster, replica) (${selector})`))
        .map(({ metric }) => `${metric.instance} ${metric.cluster} ${metric.replica}`)
        .sort();
    await until('all four agents', async () =>
      (await writers('up{job="tamma"} == 1')).length === 4 ? true : undefined,
    );
    t.deepEqual(await writers('{job="tamma"}'), expected.sort());
    await until('the store to see the agents', async () =>
      (await ask('up{job="agents"} == 1')).length === 4 ? true : undefined,
    );
    t.deepEqual(await ask('{__tmp_shard!=""}'), [], 'temporary labels are not stored');

    // While nothing changes, the maximum of the replicas equals the metrics of the service.
    for (const [index, service] of services.entries()) {
      for (let delivered = 0; delivered < 3 + index; delivered += 1) await deliver(t, service);
      const now = Date.now() / 1000;
      await until('a later scrape by both', async () => {
        const later = await ask(`timestamp(up{job="tamma", instance="${service.address}"}) > ${now}`);
        return later.length === 2 ? true : undefined;
      });
      const said = await samplesOf(service);
      t.true(said.length >= 50, `${said.length} series`);
      // An agent may send a scrape in several requests.
      const different = await settled(async () => {
        const stored = await deduplicated(ask, service.address, said);
        return said.filter((sample) => stored.get(keyOf(sample)) !== sample.value).map(keyOf);
      });
      t.deepEqual(different, []);
    }
    t.deepEqual(await received(ask, 'sum without (replica)'), [6, 8], 'without `max`, every sum is double');
    t.deepEqual(await received(ask, 'max without (replica)'), [3, 4]);
    const sent = await metricOf(agents.get('1b'), 'prometheus_remote_storage_metadata_total');
    t.true(sent > 0, 'type and help of the metrics are sent');

    // One agent of each pair ends, one of them by SIGKILL: queries have no gap.
    const died = Math.ceil(Date.now() / 1000);
    await agents.get('0a')?.stop('SIGKILL');
    await agents.get('1b')?.stop();
    await until('the ended agents to disappear from queries', async () =>
      (await ask('up{job="tamma"}')).length === 2 ? true : undefined,
    );
    t.deepEqual(
      await writers('up{job="tamma"} == 1'),
      [
        ...services.map(({ address, shard }) => `${address} tamma-${shard} ${shard === 0 ? 'b' : 'a'}`),
      ].sort(),
    );
    const gone = Math.floor(Date.now() / 1000);
    for (let second = died; second <= gone; second += 1)
      t.deepEqual(
        (await ask(`max without (replica) (up{job="tamma"} @ ${second})`)).map(({ value }) => value),
        [1, 1],
        `${second - died} s after the end`,
      );
    // And the queries of the page show both.
    const page = await source('README.md');
    for (const [question, label, answers] of [
      ['up{job="agents"} == 0', 'instance', [agentAddresses[0], agentAddresses[3]]],
      [
        'count by (cluster) (count by (cluster, replica) (up{job="tamma"})) < 2',
        'cluster',
        ['tamma-0', 'tamma-1'],
      ],
    ] as const) {
      t.true(page.includes(`    ${question}\n`), question);
      await until(`an answer to ${question}`, async () => {
        const answered = (await ask(question)).map(({ metric }) => metric[label]).sort();
        return isDeepStrictEqual(answered, [...answers].sort()) ? true : undefined;
      });
    }
    const lag = 'time() - prometheus_remote_storage_queue_highest_sent_timestamp_seconds > ';
    t.true(page.includes(`    ${lag}120\n`), lag);
    t.deepEqual(await ask(`${lag}120`), []);
    t.is((await ask(`${lag}-120`)).length, 2, 'the remaining agents are not behind');

    // The store is down during some scrapes: their samples arrive afterwards, with their own timestamps.
    await store.stop();
    const away = Date.now() / 1000;
    const survivors = [agents.get('0b'), agents.get('1a')];
    await scrapedUntil(survivors, away + 2);
    const delivered = Date.now() / 1000;
    for (const service of services) await deliver(t, service);
    await scrapedUntil(survivors, delivered + 3);
    const back = Date.now() / 1000;
    store = await startDocumented(program, command, folder);
    for (const { address, shard } of services) {
      const selector = `job="tamma", instance="${address}", replica="${shard === 0 ? 'b' : 'a'}"`;
      const times = await until(`the outage of shard ${shard}`, async () => {
        const found = await sampleTimes(store, `up{${selector}}[2m]`);
        return Math.max(...found.map(([time]) => time)) > back ? found : undefined;
      });
      const during = times.filter(([time]) => time > away && time < back);
      t.true(during.length >= 4, `${during.length} scrapes of the outage`);
      const gaps = times.map(([time], index) => time - (times[index - 1]?.[0] ?? time));
      t.true(Math.max(...gaps) < 3, `the longest gap is ${Math.max(...gaps)} s`);
      const webhooks = await sampleTimes(store, `webhooks_received_total{${selector}}[2m]`);
      const [seen = Number.NaN] = webhooks.find(([, value]) => value === 4 + shard) ?? [];
      t.true(seen > delivered && seen < back, 'samples of the outage have timestamps of the outage');
    }
    for (const survivor of survivors)
      t.is(
        await metricOf(survivor, 'prometheus_remote_storage_samples_failed_total'),
        0,
        'the store refused no sample',
      );
  },
);

type Edits = Readonly<Record<string, string>>;

const documentedTargets = ['127.0.0.1:3000', '127.0.0.1:3002'] as const;

/** Writes the files to a folder with exact strings replaced, each of which must occur, and the other shard's by the page's `sed`. */
async function writeFiles(folder: string, edits: Readonly<Record<string, Edits>>): Promise<void> {
  for (const name of ['agent.yml', 'receiver.yml']) {
    let text = await source(name);
    for (const [from, to] of Object.entries(edits[name] ?? {})) {
      if (text.split(from).length !== 2) throw new Error(`${name} does not have \`${from}\` once`);
      text = text.replace(from, to);
    }
    await writeFile(join(folder, name), text);
  }
  const sed = /^ {4}(sed .+ > agent-1\.yml)$/m.exec(await source('README.md'))?.[1];
  if (sed === undefined) throw new Error('README.md has no command that writes `agent-1.yml`');
  await run('sh', ['-c', sed], { cwd: folder });
}

/** The commands of the page, the store's first, with the options of the installed version. */
async function runnable(program: string): Promise<DocumentedCommand[]> {
  const commands = documentedCommands(await source('README.md'));
  const { stdout, stderr } = await run(program, ['--version']);
  const [, major] = /version (\d+)\./.exec(stdout + stderr) ?? [];
  return commands.map(({ env, flags }) => ({
    env,
    flags: flags.map((flag) =>
      Number(major) >= 3 && flag === '--enable-feature=agent,expand-external-labels' ? '--agent' : flag,
    ),
  }));
}

function listeningOn({ env, flags }: DocumentedCommand, address: string): DocumentedCommand {
  const others = flags.filter((flag) => !flag.startsWith('--web.listen-address='));
  return { env, flags: [...others, `--web.listen-address=${address}`] };
}

/** An agent's shard and replica, from its file and its environment. */
function agentName({ env, flags }: DocumentedCommand): string {
  const shard = agentFiles.findIndex((file) => flags.includes(`--config.file=${file}`));
  return `${shard}${env.REPLICA}`;
}

/** A service's samples in a store that merges nothing, by their keys, with the replicas merged by the query. */
async function deduplicated(
  ask: (expression: string) => Promise<QueryResult[]>,
  instance: string,
  samples: readonly ParsedSample[],
): Promise<Map<string, number>> {
  const stored = new Map<string, number>();
  for (const name of new Set(samples.map((sample) => sample.name))) {
    const results = await ask(
      `max without (replica, cluster, job, instance) (${name}{job="tamma", instance="${instance}"})`,
    );
    for (const { metric, value } of results) stored.set(keyOf({ name, labels: metric }), value);
  }
  return stored;
}

/** Compares until there is no difference; at the end, asserts that there is none. */
async function settled(differences: () => Promise<string[]>): Promise<string[]> {
  let last: string[] = [];
  await until(
    'no difference',
    async () => {
      last = await differences();
      return last.length === 0 ? true : undefined;
    },
    60_000,
  ).catch(() => undefined);
  return last;
}

/** Webhooks to both services, the first shard's first. */
async function received(ask: (expression: string) => Promise<QueryResult[]>, by: string): Promise<number[]> {
  const results = await ask(`sum by (cluster) (${by} (webhooks_received_total{job="tamma"}))`);
  return results
    .sort((left, right) => ((left.metric.cluster ?? '') < (right.metric.cluster ?? '') ? -1 : 1))
    .map(({ value }) => value);
}

/** The sum of a metric of the agent itself. */
async function metricOf(agent: RunningPrometheus | undefined, name: string): Promise<number> {
  const samples = parseText(await (await fetch(`${agent?.url}/metrics`)).text());
  const values = samples.filter((sample) => sample.name === name).map(({ value }) => value);
  if (values.length === 0) throw new Error(`an agent has no ${name}`);
  return values.reduce((sum, value) => sum + value, 0);
}

/** Waits until the agents have written scrapes of that time, in seconds, to their logs. */
async function scrapedUntil(agents: readonly (RunningPrometheus | undefined)[], time: number): Promise<void> {
  for (const agent of agents)
    await until('scrapes during the outage', async () =>
      (await metricOf(agent, 'prometheus_remote_storage_highest_timestamp_in_seconds')) > time
        ? true
        : undefined,
    );
}

/** The stored samples of the only series that a range selector matches, with times in seconds. */
async function sampleTimes({ url }: RunningPrometheus, selector: string): Promise<[number, number][]> {
  const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(selector)}`);
  const { data } = (await response.json()) as { data: { result: { values: [number, string][] }[] } };
  if (data.result.length > 1) throw new Error(`${selector} has ${data.result.length} series`);
  return (data.result[0]?.values ?? []).map(([time, value]) => [time, Number(value)]);
}
