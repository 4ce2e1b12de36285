/** The live dashboard in a Koa app. */
import type { Clock } from '../lib/clock.js';
import { checkFactoryOptions } from '../lib/option-checks.js';
import { type DashboardOptions, dashboardOptionNames } from './dashboard/dashboard-options.js';
import { mountedDashboard } from './dashboard/mounted-dashboard.js';
import { type KoaRoutes, koaRoutes } from './koa-routes.js';

/** The routes of `dashboardRouter`. */
export interface DashboardRoutes extends KoaRoutes {
  /**
   * Ends the readings, disconnects open pages, and writes the history if a file is configured. Not needed to end a process. Never
   * rejects.
   */
  close(): Promise<void>;
}

/**
 * A router for a Koa app that serves the live dashboard at `/dashboard`: one page that shows what the service is doing, without
 * another server. It reads the registry every 15 seconds, every second while a page is open, and keeps a bounded history in memory.
 * Everyone who can reach it sees all metrics and their label values: restrict it as `/metrics`. Pages are disconnected when the
 * server closes. An open page is no request in flight for `requestMetrics`: its event stream is measured up to its start.
 * @throws ERR_METRICS_INVALID_OPTION
 * @example
 * app.use(dashboardRouter({ tokenFile: '/run/secrets/metrics-token', checks: metrics.health }).routes());
 */
export function dashboardRouter(options?: DashboardOptions): DashboardRoutes;
/** @internal `clock` is replaced in tests. */
export function dashboardRouter(options?: DashboardOptions, clock?: Clock): DashboardRoutes;
export function dashboardRouter(options: DashboardOptions = {}, clock?: Clock): DashboardRoutes {
  checkFactoryOptions('dashboardRouter', options, dashboardOptionNames);
  const { endpoints, close } = mountedDashboard('dashboardRouter', options, clock);
  return { ...koaRoutes('dashboardRouter', endpoints), close };
}
