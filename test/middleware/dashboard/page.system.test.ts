/** The page of the dashboard in Chromium, over a feed that is made up: see `helpers/feed-server.ts`. */

import type { Level } from '../../../lib/history/feed.js';
import {
  colorsIn,
  openPage,
  pixelsOf,
  scrollsSideways,
  seriousFindings,
  waitUntil,
} from '../../helpers/browser.js';
import { type FeedServerOptions, panelOf, startFeedServer } from '../../helpers/feed-server.js';
import { testWith } from '../../helpers/programs.js';
import { until } from '../../helpers/until.js';

const duration = 'http_server_request_duration_seconds';
const bounds: readonly Level[] = [0.01, 0.1, 1, null];

/** Requests: 2 per second, of which half take 10 to 100 ms, the other half less. */
const demo: FeedServerOptions = {
  metrics: [
    {
      meta: { name: duration, type: 'histogram', unit: 'seconds', help: 'Duration of requests.' },
      bounds,
      tracks: [
        { labels: { http_route: '/a' }, valueAt: (time) => [time * 0.03, time / 2, time / 2, 0, 0] },
        { labels: { http_route: '/b' }, valueAt: (time) => [time * 0.03, time / 2, time / 2, 0, 0] },
      ],
    },
    { meta: { name: 'queue_depth', type: 'gauge' }, tracks: [{ labels: {}, valueAt: () => 42 }] },
    {
      meta: {
        name: 'import_duration_seconds',
        type: 'histogram',
        unit: 'seconds',
        help: 'Time of an import.',
        methods: [{ method: 'Imports.run', decorator: '@Timed' }],
      },
      bounds,
      tracks: [{ labels: { source: 'github' }, valueAt: (time) => [time, 0, time, time, 0] }],
    },
  ],
  sections: [
    {
      id: 'http',
      title: 'HTTP',
      panels: [
        panelOf('rate', 'Requests', 'perSecond', { reduce: 'rate', metric: duration }),
        panelOf('p95', 'Latency, p95', 'seconds', { reduce: 'quantile', quantile: 0.95, metric: duration }),
        panelOf('depth', 'Waiting', 'none', { reduce: 'level', metric: 'queue_depth' }),
      ],
    },
  ],
};

const value = (panel: string): string =>
  `document.querySelector('[data-panel="${panel}"] .value')?.textContent`;

testWith(
  ['chromium'],
  'a tile shows the newest value of its formula, and a chart',
  async (t, { chromium }) => {
    const { url } = await startFeedServer(t, demo);
    const { page, complaints } = await openPage(t, chromium, url);
    await waitUntil(page, `${value('rate')} === '2/s'`);
    await waitUntil(page, `${value('p95')} === '91ms'`);
    await waitUntil(page, `${value('depth')} === '42'`);
    for (const colors of await colorsIn(page, '.tile')) t.true(colors > 10);
    t.true((await pixelsOf(page, '[data-panel="rate"]', '#2f5bd0')) > 100, 'a line in the accent colour');
    t.deepEqual(complaints, []);
  },
);

testWith(
  ['chromium'],
  'the explorer finds a histogram by a part of its name and shows a heatmap',
  async (t, { chromium }) => {
    const { url } = await startFeedServer(t, demo);
    const { page, complaints } = await openPage(t, chromium, url);
    await page.waitForSelector('.state[data-state="live"]');
    await page.keyboard.press('/');
    await page.keyboard.type('import');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-metric="import_duration_seconds"] canvas');
    await waitUntil(page, "document.querySelector('[data-stat=p50]')?.textContent === '100 ms'");
    t.is(await page.textContent('.methods'), 'Recorded by@Timed Imports.run');
    t.true((await colorsIn(page, '[aria-label^="Heatmap"]')).every((colors) => colors > 10));
    t.is(
      await page.textContent('.expressions code'),
      'histogram_quantile(0.95, sum by (le) (rate(import_duration_seconds_bucket[5m])))',
    );
    t.true(page.url().endsWith('#/explorer/import_duration_seconds?search=import'), page.url());
    t.deepEqual(complaints, []);
  },
);

testWith(
  ['chromium'],
  'filters and groups are in the address, the table and the PromQL',
  async (t, { chromium }) => {
    const { url } = await startFeedServer(t, demo);
    const { page } = await openPage(
      t,
      chromium,
      `${url}#/explorer/${duration}?by=http_route&where=http_route%3D%2Fa`,
    );
    await waitUntil(page, "[...document.querySelectorAll('tbody tr')].length === 2");
    t.is(
      await page.textContent('.expressions code'),
      `histogram_quantile(0.95, sum by (le, http_route) (rate(${duration}_bucket{http_route="/a"}[5m])))`,
    );
    await page.selectOption('.filter select', '');
    await waitUntil(page, "[...document.querySelectorAll('tbody tr')].length === 4");
    await waitUntil(page, `location.hash === '#/explorer/${duration}?by=http_route'`);
    t.pass();
  },
);

testWith(
  ['chromium'],
  'a paused page keeps its time, and goes on when it is resumed',
  async (t, { chromium }) => {
    const { url } = await startFeedServer(t, demo);
    const { page } = await openPage(t, chromium, `${url}#/explorer/queue_depth`);
    await waitUntil(page, "document.querySelector('[data-stat=now]')?.textContent === '42'");
    const timeOf = (): Promise<string | null> => page.textContent('.stats div:last-child dd');
    await page.keyboard.press('p');
    await waitUntil(page, '/[?&]at=/.test(location.hash)');
    const paused = await timeOf();
    await page.waitForTimeout(2_500);
    t.is(await timeOf(), paused);
    await page.keyboard.press('p');
    await waitUntil(page, `document.querySelector('.stats div:last-child dd').textContent !== '${paused}'`);
  },
);

testWith(
  ['chromium'],
  'the keys 1 to 5 choose the range, and dragging zooms until Escape',
  async (t, { chromium }) => {
    const { url } = await startFeedServer(t, demo);
    const { page } = await openPage(t, chromium, url);
    await waitUntil(page, `${value('depth')} === '42'`);
    await page.keyboard.press('3');
    await waitUntil(
      page,
      "document.querySelector('[data-range=\"1h\"]').getAttribute('aria-pressed') === 'true'",
    );
    t.true(page.url().endsWith('?range=1h'));
    const box = await page.locator('[data-panel="rate"] .u-over').boundingBox();
    if (box === null) throw new Error('The chart is not visible.');
    await page.mouse.move(box.x + box.width * 0.3, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 20, { steps: 5 });
    await page.mouse.up();
    await waitUntil(page, '/from=/.test(location.hash)');
    const [from, to] = ['from', 'to'].map((name) =>
      Number(new URLSearchParams(page.url().split('?')[1]).get(name)),
    );
    t.true(Math.abs(Number(to) - Number(from) - 0.3 * 900) < 30, `${from} ${to}`);
    await page.keyboard.press('Escape');
    await waitUntil(page, '!/from=/.test(location.hash)');
  },
);

testWith(
  ['chromium'],
  'pointing at one chart shows the values of all at that time',
  async (t, { chromium }) => {
    const { url } = await startFeedServer(t, demo);
    const { page } = await openPage(t, chromium, url);
    await waitUntil(page, `${value('depth')} === '42'`);
    await page.hover('[data-panel="rate"] .u-over');
    await waitUntil(page, "document.querySelector('.state').textContent.startsWith('at ')");
    t.is(await page.evaluate("document.querySelectorAll('.u-cursor-x:not(.u-off)').length"), 3);
  },
);

testWith(
  ['chromium'],
  'a lost connection is shown, and the page recovers when the server is back',
  async (t, { chromium }) => {
    const first = await startFeedServer(t, demo);
    const { page } = await openPage(t, chromium, first.url);
    await waitUntil(page, "document.querySelector('.state')?.dataset.state === 'live'");
    await first.stop();
    await page.waitForSelector('[data-notice="lost"]');
    t.regex(
      (await page.textContent('[data-notice="lost"]')) ?? '',
      /Connection lost at .* Is the service running\?/,
    );
    await startFeedServer(t, { ...demo, port: first.port });
    await page.waitForSelector('[data-notice="lost"]', { state: 'detached' });
    await waitUntil(page, "document.querySelector('.state').dataset.state === 'live'");
    await waitUntil(page, `${value('depth')} === '42'`);
  },
);

testWith(['chromium'], 'a refusal by the access rules says so', async (t, { chromium }) => {
  const server = await startFeedServer(t, demo);
  const { page } = await openPage(t, chromium, server.url);
  await waitUntil(page, "document.querySelector('.state')?.dataset.state === 'live'");
  server.refuse(401);
  await page.getByText('The server refuses access.').waitFor();
  server.refuse();
  await page.waitForSelector('[data-notice="lost"]', { state: 'detached' });
  t.pass();
});

for (const colorScheme of ['light', 'dark'] as const) {
  testWith(
    ['chromium'],
    `the ${colorScheme} theme has no serious accessibility findings`,
    async (t, { chromium }) => {
      const { url } = await startFeedServer(t, {
        ...demo,
        status: {
          health: {
            status: 'warn',
            checks: [{ name: 'queue', status: 'warn', output: 'full', seconds: 0.01, time: 0 }],
          },
          alerts: [
            {
              name: 'HighErrorRate',
              severity: 'page',
              state: 'firing',
              summary: 'Many requests fail',
              labels: {},
              value: 0.2,
              limit: 0.05,
              unit: 'share',
              worse: 'above',
              since: 1,
              holdSeconds: 60,
              panel: 'rate',
            },
          ],
        },
        target: { hints: [{ id: 'methods', title: 'Methods', text: 'Decorate methods.', code: '@Timed()' }] },
      });
      const { page, complaints } = await openPage(t, chromium, url, { colorScheme });
      await waitUntil(page, `${value('depth')} === '42'`);
      t.is(await page.evaluate('document.documentElement.dataset.theme'), colorScheme);
      for (const details of await page.locator('summary').all()) await details.click();
      t.deepEqual(await seriousFindings(page), []);
      await page.keyboard.press('?');
      await page.waitForSelector('dialog[open]');
      t.deepEqual(await seriousFindings(page), []);
      await page.keyboard.press('?');
      await page.goto(`${url}#/explorer/${duration}?by=http_route`);
      await page.waitForSelector('[data-metric] canvas');
      t.deepEqual(await seriousFindings(page), []);
      await page.click('[data-theme-toggle]');
      t.is(
        await page.evaluate('document.documentElement.dataset.theme'),
        colorScheme === 'dark' ? 'light' : 'dark',
      );
      await page.reload();
      t.not(await page.evaluate('document.documentElement.dataset.theme'), colorScheme, 'the choice is kept');
      t.deepEqual(complaints, []);
    },
  );
}

testWith(['chromium'], 'nothing is wider than a screen of 360 pixels', async (t, { chromium }) => {
  const { url } = await startFeedServer(t, demo);
  const { page } = await openPage(t, chromium, url, { viewport: { width: 360, height: 740 } });
  await waitUntil(page, `${value('depth')} === '42'`);
  t.false(await scrollsSideways(page));
  const boxOf = async (selector: string) =>
    (await page.locator(selector).boundingBox()) ?? { x: Number.NaN, y: Number.NaN, width: 0, height: 0 };
  const [name, state, help] = [
    await boxOf('.brand h1'),
    await boxOf('.state'),
    await boxOf('[aria-label="Help"]'),
  ];
  t.true(name.width > 20 && name.x + name.width <= state.x, 'the name of the service is beside the state');
  t.true(help.x > state.x && help.y < name.y + name.height, 'in one row with the buttons');
  await page.goto(`${url}#/explorer`);
  await page.waitForSelector('.metric-row');
  t.false(await scrollsSideways(page));
  await page.click('.metric-row >> nth=0');
  await page.waitForSelector('[data-metric] canvas');
  t.false(await scrollsSideways(page));
  await page.click('.back');
  await page.waitForSelector('.metric-row');
});

testWith(['chromium'], 'label values are text, whatever they contain', async (t, { chromium }) => {
  const values = [
    '<script>window.hacked = true</script><img src=x onerror="window.hacked = true">',
    'x'.repeat(10_000),
    '\u202Egnp.exe\u2066',
    '👩‍👩‍👧‍👦🏴‍☠️',
    '{{constructor}}%s$&',
  ];
  const { url } = await startFeedServer(t, {
    metrics: [
      {
        meta: { name: 'requests_total', type: 'counter', help: values[0] ?? '' },
        tracks: values.map((text) => ({ labels: { value: text }, valueAt: (time: number) => time })),
      },
    ],
    sections: [
      {
        id: 'http',
        title: 'HTTP',
        panels: [
          panelOf(
            'rate',
            'Requests',
            'perSecond',
            { reduce: 'rate', metric: 'requests_total', by: ['value'] },
            '{value}',
          ),
        ],
      },
    ],
  });
  const { page, complaints } = await openPage(t, chromium, `${url}#/explorer/requests_total`);
  await waitUntil(page, "document.querySelectorAll('tbody tr').length === 5");
  const cells = "[...document.querySelectorAll('tbody .any-text')]";
  const texts: string[] = await page.evaluate(`${cells}.map((cell) => cell.textContent)`);
  t.deepEqual(
    new Set(texts),
    new Set(values.map((text) => (text.length > 200 ? `${text.slice(0, 200)}…` : text))),
  );
  const long = await page.getAttribute('tbody .any-text:text-matches("^x{200}")', 'title');
  t.is(long, values[1] ?? '', 'the whole value is its title');
  t.true(await page.evaluate(`${cells}.every((cell) => getComputedStyle(cell).unicodeBidi === 'isolate')`));
  t.false(await scrollsSideways(page));
  await page.goto(`${url}#/overview`);
  await page.waitForSelector('.tile .legend li');
  t.false(await scrollsSideways(page));
  t.is(await page.evaluate('window.hacked'), undefined);
  t.deepEqual(complaints, []);
});

testWith(['chromium'], 'a service without metrics is shown what to write', async (t, { chromium }) => {
  const { url } = await startFeedServer(t, {
    metrics: [],
    target: {
      hints: [
        { id: 'methods', title: 'Methods', text: 'Decorate methods.', code: '@Timed()\nasync run() {}' },
      ],
    },
  });
  const { page } = await openPage(t, chromium, url);
  await page.getByText('Nothing is recorded yet.').waitFor();
  t.is(await page.textContent('.hint code'), '@Timed()\nasync run() {}');
});

testWith(['chromium'], 'several targets are side by side', async (t, { chromium }) => {
  const { url } = await startFeedServer(t, { ...demo, targets: ['a:9090', 'b:9090'] });
  const { page } = await openPage(t, chromium, url);
  await waitUntil(page, "document.querySelectorAll('.target .value').length === 6");
  const [a, b] = await Promise.all(
    ['a:9090', 'b:9090'].map((id) => page.locator(`[data-target="${id}"]`).boundingBox()),
  );
  t.is(a?.y, b?.y);
  t.true((b?.x ?? 0) > (a?.x ?? 0));
});

testWith(['chromium'], 'only the metrics in sight are elements', async (t, { chromium }) => {
  const { url } = await startFeedServer(t, {
    metrics: Array.from({ length: 5_000 }, (_, index) => ({
      meta: { name: `metric_${String(index).padStart(4, '0')}_total`, type: 'counter' as const },
      tracks: [{ labels: {}, valueAt: (time: number) => time }],
    })),
  });
  const { page } = await openPage(t, chromium, `${url}#/explorer`);
  await page.getByText('5000 metrics').waitFor();
  t.true((await page.locator('.metric-row').count()) < 60);
  await page.focus('[role=listbox]');
  await page.keyboard.press('End');
  await page.getByText('metric_4999_total').waitFor();
  t.true((await page.locator('.metric-row').count()) < 60);
});

testWith(
  ['chromium'],
  'printed, the page is black on white in the dark theme too, with charts and without controls',
  async (t, { chromium }) => {
    const { url } = await startFeedServer(t, demo);
    const { page, complaints } = await openPage(t, chromium, url, { colorScheme: 'dark' });
    await waitUntil(page, `${value('depth')} === '42'`);
    t.is(await page.evaluate('document.documentElement.dataset.theme'), 'dark');
    await page.emulateMedia({ media: 'print' });
    const styleOf = (selector: string, property: string): Promise<string> =>
      page.evaluate(`getComputedStyle(document.querySelector('${selector}')).${property}`);
    await waitUntil(page, "getComputedStyle(document.body).backgroundColor === 'rgb(255, 255, 255)'");
    // Colours change in a transition.
    const becomes = (selector: string, property: string, color: string): Promise<void> =>
      waitUntil(page, `getComputedStyle(document.querySelector('${selector}')).${property} === '${color}'`);
    await becomes('[data-panel="rate"]', 'backgroundColor', 'rgb(255, 255, 255)');
    await becomes('[data-panel="rate"] .value', 'color', 'rgb(0, 0, 0)');
    t.is(await styleOf('[data-panel="rate"]', 'breakInside'), 'avoid');
    for (const selector of ['.controls', '.tabs', '.notices'])
      t.false(await page.locator(selector).first().isVisible(), selector);
    // Texts and lines of charts are drawn, so they do not follow the style sheet.
    const isDrawn = async (color: string): Promise<true | undefined> =>
      (await pixelsOf(page, '[data-panel="rate"]', color)) > 50 ? true : undefined;
    for (const color of ['#444444', '#2f5bd0']) await until(`${color} on paper`, () => isDrawn(color));
    t.false(await scrollsSideways(page));
    await page.emulateMedia({ media: 'screen' });
    await until('the dark theme again', () => isDrawn('#84a6ff'));
    t.is(await page.evaluate('document.documentElement.dataset.theme'), 'dark');
    t.deepEqual(complaints, []);
  },
);

testWith(
  ['chromium'],
  'nothing is animated for people who prefer reduced motion',
  async (t, { chromium }) => {
    const { url } = await startFeedServer(t, demo);
    for (const [reducedMotion, duration] of [
      ['reduce', '0s'],
      ['no-preference', '0.12s, 0.12s'],
    ] as const) {
      const { page } = await openPage(t, chromium, url, { reducedMotion });
      await waitUntil(page, `${value('depth')} === '42'`);
      t.is(
        await page.evaluate("getComputedStyle(document.querySelector('.tile')).transitionDuration"),
        duration,
      );
      const animated: readonly string[] = await page.evaluate(`[...document.querySelectorAll('*')]
        .filter((element) => {
          const { transitionDuration, animationName, scrollBehavior } = getComputedStyle(element);
          return /[1-9]/.test(transitionDuration) || animationName !== 'none' || scrollBehavior === 'smooth';
        })
        .map(({ className, tagName }) => tagName + '.' + className)`);
      t.is(animated.length === 0, reducedMotion === 'reduce', animated.join(', '));
      await page.context().close();
    }
  },
);

testWith(['chromium'], 'nothing moves when values arrive', async (t, { chromium }) => {
  const server = await startFeedServer(t, demo);
  const { page } = await openPage(t, chromium, server.url);
  await waitUntil(page, `${value('depth')} === '42'`);
  await page.evaluate(
    "window.shifts = 0; new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shifts += entry.value; }).observe({ type: 'layout-shift' });",
  );
  await page.waitForTimeout(3_000);
  t.is(await page.evaluate('window.shifts'), 0);
});

testWith(
  ['chromium'],
  'the memory of a page does not grow with the samples it receives',
  async (t, { chromium }) => {
    const server = await startFeedServer(t, demo);
    const { page } = await openPage(t, chromium, server.url);
    await waitUntil(page, `${value('depth')} === '42'`);
    const devTools = await page.context().newCDPSession(page);
    const start = Date.now();
    let sent = 0;
    /** Sends the samples of 3,000 seconds, and measures the heap when the page shows the last one. */
    const heapAfterMore = async (depth: number): Promise<number> => {
      for (const end = sent + 3_000; sent < end; sent++) {
        const time = start + sent * 1_000;
        const buckets = [sent * 0.03, sent / 2, sent / 2, 0, 0];
        server.send('sample', {
          target: 'agents',
          time,
          metrics: {
            [duration]: { revision: 1, values: [buckets, buckets] },
            queue_depth: { revision: 1, values: [depth] },
          },
        });
      }
      await waitUntil(page, `${value('depth')} === '${depth}'`);
      await devTools.send('HeapProfiler.collectGarbage');
      return (await devTools.send('Runtime.getHeapUsage')).usedSize / 1e6;
    };
    await heapAfterMore(1);
    const before = await heapAfterMore(2);
    const after = await heapAfterMore(3);
    t.log(`${before.toFixed(1)} MB after 6,000 samples, ${after.toFixed(1)} MB after 9,000`);
    t.true(after < before + 2);
  },
);
