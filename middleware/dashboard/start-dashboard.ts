/** Starts the dashboard of a registry: its history, its feed, and what answers its requests. Loaded when one is mounted. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../lib/clock.js';
import { alertRules } from '../../lib/history/alert-rules.js';
import { dashboardFeed } from '../../lib/history/dashboard-feed.js';
import { registryTarget } from '../../lib/history/registry-target.js';
import { sharedRegistry } from '../../lib/registry.js';
import type { ScrapeSource } from '../scrape-endpoint.js';
import type { DashboardOptions } from './dashboard-options.js';
import { type DashboardServer, dashboardServer } from './dashboard-server.js';

export async function startDashboard(
  options: DashboardOptions & { readonly title: string },
  clock: Clock,
): Promise<DashboardServer> {
  const { registry = sharedRegistry, title, checks, details = false, historyFile } = options;
  const { intervalSeconds = 15, retentionSamples: maxSamples = 10_000, maxPages = 20 } = options;
  const warn = registry.warnOnce.bind(registry);
  const kept =
    historyFile === undefined
      ? undefined
      : await (await import('../../lib/history/keep-history.js')).keepHistory({
          file: historyFile,
          maxSamples,
          clock,
          warn,
        });
  const target = registryTarget({
    registry,
    service: title,
    intervalSeconds,
    maxSamples,
    health: checks,
    details,
    cluster: await clusterSource(options),
    ...(kept === undefined ? {} : { history: kept.history }),
    clock,
  });
  // Only the limits: nothing else of the monitoring bundle is loaded.
  const { defaultThresholds } = await import('../../lib/monitoring/alerts/thresholds.js');
  const feed = dashboardFeed({
    title,
    targets: [target],
    rules: alertRules(defaultThresholds),
    run: randomBytes(6).toString('hex'),
    now: () => clock.timestamp(),
  });
  const server = dashboardServer({ feed, clock, maxPages });
  const writeAtExit = (): void => kept?.writeNow();
  if (kept !== undefined) process.on('exit', writeAtExit);
  return {
    ...server,
    async close() {
      await server.close();
      process.off('exit', writeAtExit);
      await kept?.stop();
    },
  };
}

async function clusterSource({
  cluster = false,
  registry = sharedRegistry,
}: DashboardOptions): Promise<(() => ReturnType<ScrapeSource>) | undefined> {
  if (cluster === false) return undefined;
  // The only format that has native histograms.
  const { protobufFormat: format } = await import('../../lib/exposition/protobuf-format.js');
  if (typeof cluster === 'function') return () => cluster({ format });
  const { clusterMetrics } = await import('../../lib/cluster/cluster.js');
  const metrics = clusterMetrics({ registry });
  return () => metrics.chunks({ format });
}
