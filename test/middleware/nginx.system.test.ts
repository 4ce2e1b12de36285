/** Behind a real nginx: the client address and scheme that a service sees, which clients cannot forge. */
import type { ExecutionContext } from 'ava';
import Koa from 'koa';
import { createTestRegistry } from '../../lib/testing.js';
import { type MetricsRouterOptions, metricsRouter, requestMetrics } from '../../middleware/index.js';
import { serve } from '../helpers/koa-server.js';
import { startNginx } from '../helpers/nginx.js';
import { testWith } from '../helpers/programs.js';

/** Directives by which nginx passes on the client address. */
const appending = ['proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for'];
const replacing = ['proxy_set_header X-Forwarded-For $remote_addr'];
const withScheme = ['proxy_set_header X-Forwarded-Proto $scheme'];

/** A service behind one nginx per list of directives, the outermost last. */
async function behind(
  t: ExecutionContext,
  nginx: string,
  proxies: readonly (readonly string[])[],
  options: MetricsRouterOptions,
) {
  const registry = createTestRegistry();
  const app = new Koa({ proxy: true })
    .use(metricsRouter({ registry, ...options }).routes())
    .use(requestMetrics({ registry, semantics: 'opentelemetry' }));
  const server = await serve(app);
  t.teardown(() => server.close());
  let url = server.url;
  for (const directives of proxies) url = await startNginx(t, nginx, url, directives);
  return {
    registry,
    /** The response to a client on 127.0.0.1 that sends a forged `X-Forwarded-For`. */
    scrape: (claimed?: string): Promise<Response> =>
      fetch(`${url}/metrics`, { headers: claimed === undefined ? {} : { 'x-forwarded-for': claimed } }),
    request: (scheme: string): Promise<Response> =>
      fetch(`${url}/nowhere`, { headers: { 'x-forwarded-proto': scheme } }),
  };
}

testWith(['nginx'], "behind nginx as it comes, a scrape has the proxy's address", async (t, { nginx }) => {
  const elsewhere = await behind(t, nginx, [[]], { allowFrom: ['10.0.0.0/8'] });
  t.is((await elsewhere.scrape()).status, 403);
  t.is((await elsewhere.scrape('10.0.0.1')).status, 403, 'the header is passed on unchanged');
  const local = await behind(t, nginx, [[]], { allowFrom: ['127.0.0.1'] });
  t.is((await local.scrape('203.0.113.9')).status, 200);
});

for (const [how, directives] of [
  ['appends to', appending],
  ['replaces', replacing],
] as const) {
  testWith(
    ['nginx'],
    `behind one trusted nginx that ${how} X-Forwarded-For, no client can claim another address`,
    async (t, { nginx }) => {
      const elsewhere = await behind(t, nginx, [directives], {
        allowFrom: ['10.0.0.0/8'],
        trustedProxies: 1,
      });
      t.is((await elsewhere.scrape()).status, 403);
      t.is((await elsewhere.scrape('10.0.0.1')).status, 403);
      t.is((await elsewhere.scrape('10.0.0.1, 10.0.0.2')).status, 403);
      const local = await behind(t, nginx, [directives], { allowFrom: ['127.0.0.1'], trustedProxies: 1 });
      t.is((await local.scrape()).status, 200);
      t.is((await local.scrape('203.0.113.9')).status, 200);
    },
  );
}

testWith(
  ['nginx'],
  'behind two trusted nginx, the client address is the one seen by the outer nginx',
  async (t, { nginx }) => {
    const options = { allowFrom: ['10.0.0.0/8'], trustedProxies: 2 };
    const { scrape } = await behind(t, nginx, [appending, appending], options);
    t.is((await scrape()).status, 403);
    t.is((await scrape('10.0.0.1')).status, 403);
    t.is((await scrape('10.0.0.1, 10.0.0.2')).status, 403);
  },
);

testWith(
  ['nginx'],
  'the scheme is http, https or other, whether nginx sets X-Forwarded-Proto or passes it on',
  async (t, { nginx }) => {
    const schemesOf = async (directives: readonly string[]): Promise<string[]> => {
      const { scrape, request } = await behind(t, nginx, [directives], {});
      for (const scheme of ['https', 'p1', 'p2', 'p3']) await (await request(scheme)).text();
      const text = await (await scrape()).text();
      const counts = text.matchAll(/^http_server_request_duration_seconds_count\{.*url_scheme="([^"]*)"/gm);
      return [...new Set([...counts].map(([, scheme]) => scheme ?? ''))].sort();
    };
    t.deepEqual(await schemesOf(withScheme), ['http']);
    // The request that checked whether nginx was up had no header.
    t.deepEqual(await schemesOf([]), ['http', 'https', 'other']);
  },
);
