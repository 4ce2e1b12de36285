/** `tamma-metrics up` with the real Prometheus and Alertmanager: they start, are reported on, and end with it. */
import { once } from 'node:events';
import { access, readdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { choosePort } from '../../../lib/cli/ports.js';
import { upPlan } from '../../../lib/cli/up-plan.js';
import { writeBundle } from '../../../lib/monitoring/write-bundle.js';
import { type CliProcess, cli, startCli } from '../../helpers/cli.js';
import { surroundings } from '../../helpers/command.js';
import { testWith } from '../../helpers/programs.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { until } from '../../helpers/until.js';

const needed = ['prometheus', 'alertmanager'] as const;

/** A service with one metric. */
async function service(t: ExecutionContext): Promise<{ readonly server: Server; readonly address: string }> {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4').end('failing 1\n');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** A minimal bundle. Its scrape timeout suffices on a busy machine: a late scrape would report the target as down. */
async function smallBundle(t: ExecutionContext, target: string, alertmanagerPort: number): Promise<string> {
  const folder = join(await temporaryFolder(t), 'a bundle');
  const prometheus = `global: { scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 200ms }
rule_files: [rules/*.yml]
alerting:
  alertmanagers:
    - static_configs: [{ targets: ['127.0.0.1:${alertmanagerPort}'] }]
scrape_configs:
  - job_name: tamma
    static_configs: [{ targets: ['${target}'] }]
`;
  const rules = `groups:
  - name: own
    rules:
      - alert: Failing
        expr: failing == 1
        labels: { severity: page }
        annotations: { summary: It fails }
`;
  await writeBundle(
    {
      files: [
        { path: 'prometheus/prometheus.yml', content: prometheus },
        { path: 'prometheus/rules/own.yml', content: rules },
        {
          path: 'alertmanager/alertmanager.yml',
          content: 'route: { receiver: none }\nreceivers: [{ name: none }]\n',
        },
        { path: 'README.md', content: 'prometheus --storage.tsdb.retention.time=12d\n' },
      ],
    },
    folder,
  );
  return folder;
}

interface Up {
  readonly child: CliProcess;
  /** Waits for a line. */
  line(pattern: RegExp): Promise<RegExpExecArray>;
  pids(): Promise<{ readonly prometheus: number; readonly alertmanager: number; readonly url: string }>;
}

function startUp(
  t: ExecutionContext,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Up {
  const child = startCli(['up', ...args], env);
  t.teardown(async () => {
    child.process.kill('SIGTERM');
    await child.ended;
  });
  const line = async (pattern: RegExp): Promise<RegExpExecArray> => {
    const gone = child.ended.then(({ code, stdout, stderr }) => {
      throw new Error(`up ended with ${code} before ${pattern}: ${stdout}${stderr}`);
    });
    return Promise.race([
      until(String(pattern), async () => pattern.exec(child.output()) ?? undefined),
      gone,
    ]);
  };
  return {
    child,
    line,
    async pids() {
      const [, url = '', prometheus] = await line(/^prometheus (http:\S+) \(pid (\d+)\)$/m);
      const [, alertmanager] = await line(/^alertmanager http:\S+ \(pid (\d+)\)$/m);
      return { prometheus: Number(prometheus), alertmanager: Number(alertmanager), url };
    },
  };
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

testWith(
  needed,
  'both programs start with the bundle, each change is reported once, and Ctrl-C ends both',
  async (t) => {
    const { server, address } = await service(t);
    const alertmanagerPort = await choosePort('', 0, 0);
    const folder = await smallBundle(t, address, alertmanagerPort);
    const up = startUp(t, ['--dir', folder, '--prometheus-port', '0']);
    const { prometheus, alertmanager, url } = await up.pids();
    await up.line(new RegExp(`Their data is kept for 12 days in ${folder}/data`));
    await up.line(new RegExp(`^\\d\\d:\\d\\d:\\d\\d target tamma ${address} up$`, 'm'));
    await up.line(/^\d\d:\d\d:\d\d alert Failing instance=\S+ firing \(page\): It fails$/m);

    const { data } = (await (await fetch(`${url}/api/v1/status/flags`)).json()) as {
      data: Record<string, string>;
    };
    t.like(data, { 'storage.tsdb.retention.time': '12d', 'web.listen-address': url.slice('http://'.length) });
    await until('the alert at Alertmanager', async () => {
      const alerts = (await (
        await fetch(`http://127.0.0.1:${alertmanagerPort}/api/v2/alerts`)
      ).json()) as unknown[];
      return alerts.length === 1 ? true : undefined;
    });

    server.close();
    server.closeAllConnections();
    await up.line(new RegExp(`target tamma ${address} down: .*refused`));
    await up.line(/alert Failing instance=\S+ resolved$/m);
    const changes = [...up.child.output().matchAll(/alert Failing instance=\S+ (firing|resolved)/g)];
    for (const [index, [, state]] of changes.entries())
      t.is(state, index % 2 === 0 ? 'firing' : 'resolved', 'each change once');

    up.child.process.kill('SIGINT');
    const { code, stderr } = await up.child.ended;
    t.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    for (const pid of [prometheus, alertmanager]) t.false(isRunning(pid));
    await t.notThrowsAsync(access(join(folder, 'data/prometheus')), 'what was seen is kept');
  },
);

for (const [program, other] of [
  ['prometheus', 'alertmanager'],
  ['alertmanager', 'prometheus'],
] as const) {
  testWith(needed, `where ${program} ends, ${other} is ended too, and the exit code is 1`, async (t) => {
    const { address } = await service(t);
    const folder = await smallBundle(t, address, await choosePort('', 0, 0));
    const up = startUp(t, ['--dir', folder, '--prometheus-port', '0']);
    const pids = await up.pids();
    process.kill(pids[program], 'SIGKILL');
    const { code, stdout } = await up.child.ended;
    t.is(code, 1);
    t.regex(stdout, new RegExp(`^${program} ended by SIGKILL`, 'm'));
    t.false(isRunning(pids[other]));
  });
}

testWith(
  needed,
  'for a file that Prometheus refuses, its message is printed, with exit code 1 and no process left',
  async (t) => {
    const folder = await smallBundle(t, '127.0.0.1:9', await choosePort('', 0, 0));
    await writeFile(
      join(folder, 'prometheus/rules/own.yml'),
      'groups: [{ name: own, rules: [{ alert: X, expr: "(" }] }]',
    );
    const { code, stdout } = await cli(['up', '--dir', folder, '--prometheus-port', '0']);
    t.is(code, 1);
    t.regex(stdout, /^prometheus ended with code 1; its last output:\n.*own\.yml/ms);
  },
);

testWith(needed, 'a signal while they start ends both', async (t) => {
  const folder = await smallBundle(t, '127.0.0.1:9', await choosePort('', 0, 0));
  const up = startUp(t, ['--dir', folder, '--prometheus-port', '0']);
  await until('the folder of the data', () =>
    access(join(folder, 'data')).then(
      () => true,
      () => undefined,
    ),
  );
  up.child.process.kill('SIGTERM');
  t.is((await up.child.ended).code, 0);
});

testWith(needed, 'a port that is taken, or another than the bundle names, exits with 2', async (t) => {
  const { address } = await service(t);
  const taken = address.split(':')[1] ?? '';
  const folder = await smallBundle(t, address, Number(taken));
  t.like(await cli(['up', '--dir', folder, '--prometheus-port', '0']), {
    code: 2,
    stderr: `Cannot listen on \`${address}\`: expected a free port, received listen EADDRINUSE: address already in use ${address}; use another --alertmanager-port, or 0 for any.\n`,
  });
  const other = await cli(['up', '--dir', folder, '--prometheus-port', '0', '--alertmanager-port', '1']);
  t.is(other.code, 2);
  t.true(
    other.stderr.startsWith(
      `Cannot use --alertmanager-port 1: expected ${taken}, the port in prometheus/prometheus.yml of the bundle.`,
    ),
  );
});

testWith(needed, 'a folder without a bundle exits with 2 and says how to write one', async (t) => {
  const folder = await temporaryFolder(t);
  const { code, stderr } = await cli(['up', '--dir', folder]);
  t.is(code, 2);
  t.regex(stderr, /expected the folder of a bundle: ENOENT.* Write one: tamma-metrics bundle --out /);
});

testWith(needed, 'options that do not fit leave no folder behind', async (t) => {
  const folder = await temporaryFolder(t);
  const config = join(folder, 'monitoring.mjs');
  await writeFile(
    config,
    "export default { recordingRules: [{ record: 'job:x:sum', expression: 'sum(nothing)' }] };",
  );
  const { code, stderr } = await cli(['up', '--config', config], { TMPDIR: folder });
  t.is(code, 1);
  t.regex(stderr, /record `job:x:sum`/);
  t.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith('tamma-up-')),
    [],
  );
  await t.throwsAsync(upPlan({ dir: folder, config }, surroundings), { message: /expected one of them/ });
});

testWith(needed, 'without a folder, both run on the bundle of the environment', async (t) => {
  const { address } = await service(t);
  const up = startUp(t, ['--prometheus-port', '0', '--alertmanager-port', '0'], {
    METRICS_PORT: address.split(':')[1] ?? '',
    // The timeout of a scrape as well: on a busy machine, a shorter one would report the target as down.
    METRICS_SCRAPE_INTERVAL: '5',
  });
  await up.line(new RegExp(`target tamma ${address} up$`, 'm'));
  up.child.process.kill('SIGINT');
  t.like(await up.child.ended, { code: 0, stderr: '' });
});
