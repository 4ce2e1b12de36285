/** The Koa app with its middleware, and the queues of work that its webhooks fill. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Router from '@koa/router';
import {
  type CompleteMetricsConfig,
  createMetrics,
  HealthChecks,
  type HostTable,
  type MetricsConfig,
  queueCheck,
} from '@tamma/observability';
import {
  type DashboardRoutes,
  dashboardRouter,
  healthRouter,
  metricsRouter,
} from '@tamma/observability/middleware';
import Koa from 'koa';
import type { AiProvider } from './ai-provider.js';
import type { GitPlatform } from './git-platform.js';
import { GitHubWebhooks } from './github-webhooks.js';
import { GitLabWebhooks } from './gitlab-webhooks.js';
import { type Issue, IssueWorkflow } from './issue-workflow.js';
import type { Random } from './random.js';
import { Replay } from './replay.js';
import { WorkQueue } from './work-queue.js';

/** A platform, and the provider that works on its issues. */
export interface Team {
  readonly platform: GitPlatform;
  readonly ai: AiProvider;
}

export interface ServiceOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Key of the signatures of GitHub, and token of GitLab. */
  readonly secret: string;
  /** Webhooks per second that the replay posts; 0 for none. */
  readonly replayPace: number;
  readonly github: Team;
  readonly gitlab: Team;
  /** Hosts in addition to those that `instrumentFetch` knows. */
  readonly hosts: HostTable;
  readonly random: Random;
  readonly metrics: MetricsConfig;
}

/** Issues that may wait for each team. */
const queueCapacity = 100;

/**
 * Starts the service. SIGTERM and SIGINT end the replay, wait for requests in progress, and abandon the remaining work.
 * @returns its URL
 * @throws an error of `listen`, such as EADDRINUSE
 */
export async function startService(options: ServiceOptions): Promise<string> {
  const { host, port, secret, replayPace, hosts } = options;
  const stopping = new AbortController();
  const github = queueOf('github-issues', options.github, options.random, stopping.signal);
  const gitlab = queueOf('gitlab-issues', options.gitlab, options.random, stopping.signal);

  // Not ready when a queue is full, with a warning from 80 % on.
  const full = { warnFrom: queueCapacity * 0.8, failFrom: queueCapacity };
  const checks = new HealthChecks({
    checks: { github: queueCheck('github-issues', full), gitlab: queueCheck('gitlab-issues', full) },
  });
  let server: Server | undefined;
  let replaying: Promise<void> | undefined;
  let dashboard: DashboardRoutes | undefined;
  // Records outgoing requests of every SDK, derived gauges and metrics of Node.js. The environment can enable snapshots and a
  // Pushgateway.
  const metrics = createMetrics(options.metrics, {
    health: checks,
    // The service uses the whole catalogue, so every metric is exposed from the first scrape on.
    catalogue: true,
    fetch: { hosts },
    revision: process.env.REVISION ?? 'unknown',
    // The app below serves /metrics and the health endpoints.
    server: false,
    // Called on a signal. Recordings until it resolves are in the last snapshot and the last push.
    drain: async () => {
      stopping.abort();
      await Promise.all([replaying, github.drained(), gitlab.drained(), dashboard?.close()]);
      return server;
    },
    // No load balancer has to notice that the service is not ready.
    drainSeconds: 0,
    stopSeconds: 5,
  });
  // Before the first scrape: restores the snapshot.
  await metrics.start();

  const app = new Koa();
  // First, so that it measures every request.
  app.use(
    metrics.requestMetrics({
      measure: ['first-byte', 'request-size', 'response-size'],
    }),
  );
  const { enabled, path, token, tokenFile } = metrics.config;
  if (enabled) app.use(metricsRouter({ path, token, tokenFile }).routes());
  if (enabled) {
    dashboard = dashboardOf(metrics.config, checks);
    app.use(dashboard.routes());
  }
  app.use(healthRouter({ checks }).routes());
  for (const router of [
    new GitHubWebhooks(secret, (issue) => github.push(issue)).router(),
    new GitLabWebhooks(secret, (issue) => gitlab.push(issue)).router(),
    indexRouter(path),
  ])
    app.use(router.routes()).use(router.allowedMethods());

  server = createServer(app.callback());
  try {
    await listening(server, host, port);
  } catch (error) {
    await metrics.stop();
    throw error;
  }
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
  if (replayPace > 0) replaying = new Replay({ url, secret, pace: replayPace }).run(stopping.signal);

  return url;
}

/** The live page, with the access rules of /metrics. */
function dashboardOf(config: CompleteMetricsConfig, checks: HealthChecks): DashboardRoutes {
  const { labels, token, tokenFile, scrapeIntervalSeconds, retention, snapshotFile } = config;
  return dashboardRouter({
    title: labels.service,
    token,
    tokenFile,
    checks,
    details: true,
    intervalSeconds: scrapeIntervalSeconds,
    retentionSamples: retention.samples,
    ...(snapshotFile === undefined ? {} : { historyFile: `${snapshotFile}.history` }),
  });
}

function queueOf(
  name: string,
  { ai, platform }: Team,
  random: Random,
  signal: AbortSignal,
): WorkQueue<Issue> {
  const workflow = new IssueWorkflow(ai, platform, random);
  return new WorkQueue<Issue>({
    name,
    capacity: queueCapacity,
    workers: 4,
    signal,
    // A separate signal per run, so that its listeners are released with the run.
    work: (issue) => workflow.run(issue, AbortSignal.any([signal])),
  });
}

function indexRouter(metricsPath: string): Router {
  const router = new Router();
  router.get('/', (ctx) => {
    ctx.body = `A small Tamma.\n\nGET  /dashboard  the live dashboard\nGET  ${metricsPath}  metrics for Prometheus\nGET  /health, /ready  health, and whether the queues have capacity\nPOST /webhooks/github  signed GitHub webhooks\nPOST /webhooks/gitlab  GitLab webhooks with the token\n`;
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
