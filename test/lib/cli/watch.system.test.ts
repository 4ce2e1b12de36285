/** `tamma-metrics watch` over real programs: Debian's node_exporter and Prometheus' own endpoint, side by side. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { HistoryAnswer } from '../../../lib/history/feed.js';
import { startCli } from '../../helpers/cli.js';
import { readEvents } from '../../helpers/event-reader.js';
import { freePort } from '../../helpers/free-port.js';
import { testWith } from '../../helpers/programs.js';
import { startPrometheus } from '../../helpers/prometheus.js';
import { until } from '../../helpers/until.js';

testWith(
  ['node-exporter', 'prometheus'],
  'node_exporter and Prometheus are shown side by side, with their own sections, until Ctrl-C',
  async (t, programs) => {
    const port = await freePort();
    const exporter = spawn(programs['node-exporter'], [`--web.listen-address=127.0.0.1:${port}`], {
      stdio: 'ignore',
    });
    const gone = once(exporter, 'close');
    t.teardown(async () => {
      exporter.kill();
      await gone;
    });
    const prometheus = await startPrometheus({
      program: programs.prometheus,
      target: `http://127.0.0.1:${port}/metrics`,
      scrapeIntervalSeconds: 1,
    });
    t.teardown(() => prometheus.stop());
    const command = startCli([
      'watch',
      `127.0.0.1:${port}`,
      prometheus.url,
      '--port',
      '0',
      '--interval',
      '1',
    ]);
    t.teardown(() => command.process.kill());
    const url = await until('its address', async () => /http\S+/.exec(command.output())?.[0]);
    const page = await readEvents(`${url}events`);
    const hello = await until('both targets', async () => {
      const next = await page.next('hello');
      return next.targets.every(({ metrics }) => metrics.length > 50) ? next : undefined;
    });
    const sections = hello.targets.map((target) => target.sections.map(({ id }) => id));
    t.true(sections[0]?.includes('host'));
    t.true(sections[1]?.includes('prometheus'));
    t.true(sections.every((ids) => ids.includes('process')));
    await until('a rate', async () => {
      const answer = (await (
        await fetch(`${url}history?target=0&metric=node_cpu_seconds_total`)
      ).json()) as HistoryAnswer;
      const [history] = answer.metrics;
      return (history?.times.length ?? 0) > 2 ? true : undefined;
    });
    const expected = await until(
      'a scrape',
      async () => (await prometheus.query('count({__name__=~"node_.+"})'))[0]?.value,
    );
    const shown = (hello.targets[0]?.metrics ?? [])
      .filter(({ name }) => name.startsWith('node_'))
      .reduce((sum, { series }) => sum + series, 0);
    t.true(Math.abs(shown - expected) <= expected / 10, `${shown} series, Prometheus has ${expected}`);
    page.close();
    command.process.kill('SIGINT');
    t.is((await command.ended).code, 0);
  },
);
