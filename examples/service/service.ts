/** The wiring: a Koa app with the middleware mounted, and the workflow behind its webhooks. */
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Router from '@koa/router';
import { catalogue, type MetricsConfig, sharedRegistry } from '@tamma/observability';
import { metricsRouter, requestMetrics } from '@tamma/observability/middleware';
import Koa from 'koa';
import { AiProvider } from './ai-provider.js';
import { GitHubPlatform } from './github-platform.js';
import { type Issue, IssueWorkflow } from './issue-workflow.js';
import type { LanguageModel } from './language-model.js';
import type { Random } from './random.js';
import { Replay } from './replay.js';
import { GitHubWebhooks } from './webhooks.js';
import { WorkQueue } from './work-queue.js';

export interface ServiceOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** What webhooks are signed with. */
  readonly secret: string;
  /** Webhooks a second that the replay posts; 0 posts none. */
  readonly replayPace: number;
  readonly model: LanguageModel;
  readonly random: Random;
  readonly metrics: MetricsConfig;
}

export interface Service {
  readonly url: string;
  /** Ends the replay, lets requests end, and gives up the work that is left. */
  stop(): Promise<void>;
}

/** @throws what `listen` says, EADDRINUSE for instance */
export async function startService({
  host,
  port,
  secret,
  replayPace,
  model,
  random,
  metrics,
}: ServiceOptions): Promise<Service> {
  const stopping = new AbortController();
  const workflow = new IssueWorkflow(new AiProvider(model), new GitHubPlatform(random), random);
  const queue = new WorkQueue<Issue>({
    name: 'issues',
    capacity: 100,
    workers: 4,
    work: (issue) => workflow.run(issue, stopping.signal),
  });
  const webhooks = new GitHubWebhooks(secret, (issue) => queue.push(issue));

  const app = new Koa();
  // First, so that it sees every request; then the routers.
  app.use(requestMetrics());
  if (metrics.enabled)
    app.use(metricsRouter({ path: metrics.path, token: await scrapeToken(metrics) }).routes());
  for (const router of [webhooks.router(), indexRouter(metrics.path)])
    app.use(router.routes()).use(router.allowedMethods());
  sharedRegistry.gauge(catalogue.buildInfo).set(
    {
      service: metrics.service,
      version: metrics.version,
      revision: process.env.REVISION ?? 'unknown',
      node_version: process.version,
    },
    1,
  );

  const server = createServer(app.callback());
  await listening(server, host, port);
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
  const replaying =
    replayPace > 0
      ? new Replay({ url: `${url}/webhooks/github`, secret, pace: replayPace }).run(stopping.signal)
      : Promise.resolve();

  return {
    url,
    async stop() {
      stopping.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all([replaying, queue.drained()]);
      server.closeIdleConnections();
      await closed;
    },
  };
}

/** The token that a scrape must show, given as it is or in a file. */
async function scrapeToken({ token, tokenFile }: MetricsConfig): Promise<string | undefined> {
  return tokenFile === undefined ? token : (await readFile(tokenFile, 'utf8')).trim();
}

function indexRouter(metricsPath: string): Router {
  const router = new Router();
  router.get('/', (ctx) => {
    ctx.body = `A small Tamma.\n\nGET  ${metricsPath}  what Prometheus scrapes\nPOST /webhooks/github  signed GitHub webhooks\n`;
  });
  return router;
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
