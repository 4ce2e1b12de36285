/** `tamma-metrics watch` over real programs: Debian's node_exporter and Prometheus' own endpoint, side by side. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ExecutionContext } from 'ava';
import type { HistoryAnswer } from '../../../lib/history/feed.js';
import { shown as valueIn } from '../../../middleware/dashboard/page/format.js';
import { openPage, waitUntil } from '../../helpers/browser.js';
import { startCli } from '../../helpers/cli.js';
import { readEvents } from '../../helpers/event-reader.js';
import { freePort } from '../../helpers/free-port.js';
import { testWith } from '../../helpers/programs.js';
import { type Prometheus, startPrometheus } from '../../helpers/prometheus.js';
import { until } from '../../helpers/until.js';

/** The node_exporter, and a Prometheus that scrapes it. */
async function startEndpoints(
  t: ExecutionContext,
  programs: Readonly<Record<'node-exporter' | 'prometheus', string>>,
): Promise<{ readonly port: number; readonly prometheus: Prometheus }> {
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
  return { port, prometheus };
}

/** Both endpoints, and `tamma-metrics watch` over them. */
async function watched(t: ExecutionContext, programs: Parameters<typeof startEndpoints>[1]) {
  const { port, prometheus } = await startEndpoints(t, programs);
  const args = ['watch', `127.0.0.1:${port}`, prometheus.url, '--port', '0', '--interval', '1'];
  const command = startCli(args);
  t.teardown(() => command.process.kill());
  const url = await until('its address', async () => /http\S+/.exec(command.output())?.[0]);
  return { port, prometheus, command, url };
}

testWith(
  ['node-exporter', 'prometheus'],
  'node_exporter and Prometheus are shown side by side, with their own sections, until Ctrl-C',
  async (t, programs) => {
    const { prometheus, command, url } = await watched(t, programs);
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

testWith(
  ['chromium', 'node-exporter', 'prometheus'],
  'in the browser, several endpoints are side by side, and the explorer has the metrics of each',
  async (t, programs) => {
    const { port, url } = await watched(t, programs);
    const { page, complaints } = await openPage(t, programs.chromium, url);
    await waitUntil(page, "document.querySelectorAll('.target').length === 2");
    await waitUntil(
      page,
      "[...document.querySelectorAll('.target')].every((target) => [...target.querySelectorAll('.value')].some(({ textContent }) => /[1-9]/.test(textContent)))",
    );
    const boxes = await Promise.all(
      ['0', '1'].map((id) => page.locator(`[data-target="${id}"]`).boundingBox()),
    );
    t.is(boxes[0]?.y, boxes[1]?.y);
    t.true((boxes[1]?.x ?? 0) > (boxes[0]?.x ?? 0));
    await page.goto(`${url}#/explorer/prometheus_http_request_duration_seconds?target=1`);
    await page.reload();
    await page.waitForSelector('[data-metric="prometheus_http_request_duration_seconds"] canvas');
    await waitUntil(page, "/^[1-9]/.test(document.querySelector('[data-stat=total]')?.textContent ?? '')");
    await page.goto(`${url}#/explorer/node_memory_MemTotal_bytes?target=0`);
    await page.reload();
    const shown = await until('the memory', async () => {
      const text = await page.textContent('[data-stat=now]');
      return /^[\d.]+ [KMGT]iB$/.test(text ?? '') ? text : undefined;
    });
    const exposed = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const bytes = Number(/^node_memory_MemTotal_bytes (\S+)$/m.exec(exposed)?.[1]);
    const { value, unit } = valueIn(bytes, 'bytes');
    t.is(shown, `${value} ${unit}`);
    t.deepEqual(complaints, []);
  },
);
