/** Health and readiness for people, load balancers and Kubernetes. */
import Router from '@koa/router';
import type { Context } from 'koa';
import { metricsError, shown } from '../lib/errors.js';
import { type CheckResult, HealthChecks, type HealthReport } from '../lib/health.js';
import { checkFactoryOptions } from '../lib/option-checks.js';
import { asOwnRouter } from './request-mount.js';

export interface HealthRouterOptions {
  /** What readiness depends on. Default: no checks, ready unless it drains. */
  checks?: HealthChecks;
  /** Whether answers say why a check did not pass. Reasons name hosts and errors: for trusted networks. Default: false. */
  details?: boolean;
}

/**
 * A router that answers
 * - `GET /health`: 200 as long as the process can answer at all, `{ status: 'healthy', timestamp, uptime }`; it runs no check;
 * - `GET /ready`: 200 `{ status: 'ready' }`, or 503 `{ status: 'not ready' }`, with the status of each check;
 * - `GET /livez` and `GET /readyz`: the same as text, as Kubernetes' API server has them, with `?verbose`, `?exclude=name` and
 *   single checks (`/readyz/database`); what is not ready is 503.
 *
 * OPTIONS has the status of GET and no body: HAProxy's `option httpchk` probes with it. Other methods are 405.
 *
 * `/health` and `/ready` answer in `application/health+json` where Accept asks for it.
 * @throws ERR_METRICS_INVALID_OPTION
 * @example
 * app.use(healthRouter({ checks }).routes());
 */
export function healthRouter(options: HealthRouterOptions = {}): Router {
  checkFactoryOptions('healthRouter', options, { checks: true, details: true });
  const { checks = new HealthChecks(), details = false } = options;
  if (!(checks instanceof HealthChecks)) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`checks\` of healthRouter: expected new HealthChecks({ checks }), received ${shown(checks)}.`,
    );
  }
  const router = asOwnRouter(new Router());
  const route = (
    path: string,
    answer: (ctx: Context & { params: Record<string, string> }) => void | Promise<void>,
  ): void => {
    router.all(path, async (ctx) => {
      ctx.set('Cache-Control', 'no-store');
      if (ctx.method === 'GET' || ctx.method === 'HEAD') {
        await answer(ctx as Context & { params: Record<string, string> });
        return;
      }
      // HAProxy probes with OPTIONS where it is not told otherwise; all that it reads is the status.
      if (ctx.method === 'OPTIONS') await answer(ctx as Context & { params: Record<string, string> });
      const status = ctx.method === 'OPTIONS' ? ctx.status : 405;
      ctx.set('Allow', 'GET, HEAD, OPTIONS');
      // Koa would make `null` of JSON the text "null".
      ctx.remove('Content-Type');
      ctx.body = null;
      ctx.status = status;
    });
  };

  route('/health', (ctx) => {
    const plain = { status: 'healthy', timestamp: new Date().toISOString(), uptime: process.uptime() };
    json(ctx, 200, plain, { status: 'pass' });
  });

  route('/ready', async (ctx) => {
    const report = await checks.run();
    const isReady = report.status !== 'fail';
    const plain = {
      status: isReady ? 'ready' : 'not ready',
      timestamp: new Date().toISOString(),
      ...(report.isDraining ? { draining: true } : {}),
      ...(report.status === 'warn' ? { degraded: true } : {}),
      checks: Object.fromEntries(
        [...report.checks].map(([name, result]) => [name, shownCheck(result, details)]),
      ),
    };
    json(ctx, isReady ? 200 : 503, plain, healthJson(report, details));
  });

  route('/livez', (ctx) => {
    lines(ctx, 'livez', [{ name: 'ping', passes: true, reason: undefined }], []);
  });
  route('/livez/:check', (ctx) => {
    if (ctx.params.check === 'ping') text(ctx, 200, 'ok');
    else text(ctx, 404, 'no such check');
  });

  route('/readyz', async (ctx) => {
    const excluded = new URLSearchParams(ctx.querystring)
      .getAll('exclude')
      .flatMap((names) => names.split(','));
    const report = await checks.run({ exclude: excluded });
    const known = ['ping', ...checks.names(), 'shutdown'];
    const shownChecks = known.map((name): ShownLine => {
      if (excluded.includes(name)) return { name, passes: true, reason: 'excluded' };
      if (name === 'shutdown')
        return { name, passes: !report.isDraining, reason: details ? 'the service drains' : undefined };
      const result = report.checks.get(name);
      return {
        name,
        passes: result === undefined || result.status !== 'fail',
        reason: details ? result?.output : undefined,
      };
    });
    // A check that is not critical is shown as failed, and does not fail the whole.
    const isReady = report.status !== 'fail';
    lines(
      ctx,
      'readyz',
      shownChecks,
      excluded.filter((name) => name !== '' && !known.includes(name)),
      isReady,
    );
  });
  route('/readyz/:check', async (ctx) => {
    const { check: name = '' } = ctx.params;
    if (name === 'ping') text(ctx, 200, 'ok');
    else if (name === 'shutdown')
      text(ctx, checks.isDraining ? 503 : 200, checks.isDraining ? 'the service drains' : 'ok');
    else {
      const result = await checks.runOne(name);
      if (result === undefined) text(ctx, 404, 'no such check');
      else if (result.status === 'fail')
        text(
          ctx,
          503,
          `${name} failed: ${details ? (result.output ?? 'no reason given') : 'reason withheld'}`,
        );
      else text(ctx, 200, 'ok');
    }
  });
  return router;
}

interface ShownLine {
  readonly name: string;
  readonly passes: boolean;
  readonly reason: string | undefined;
}

function json(ctx: Context, status: number, plain: object, health: object): void {
  const asHealth = ctx.accepts('application/json', 'application/health+json') === 'application/health+json';
  ctx.vary('Accept');
  ctx.status = status;
  ctx.body = JSON.stringify(asHealth ? health : plain);
  ctx.set(
    'Content-Type',
    asHealth ? 'application/health+json; charset=utf-8' : 'application/json; charset=utf-8',
  );
}

/** The "Health Check Response Format for HTTP APIs" (draft-inadarei-api-health-check-06). */
function healthJson(report: HealthReport, details: boolean): object {
  return {
    status: report.status,
    ...(report.isDraining ? { notes: ['draining'] } : {}),
    checks: Object.fromEntries(
      [...report.checks].map(([name, { status, seconds, time, output }]) => [
        name,
        [
          {
            status,
            time: time.toISOString(),
            observedValue: seconds,
            observedUnit: 's',
            ...(details && output !== undefined ? { output } : {}),
          },
        ],
      ]),
    ),
  };
}

function shownCheck({ status, output, seconds }: CheckResult, details: boolean): object {
  return { status, seconds, ...(details && output !== undefined ? { output } : {}) };
}

/** Text as Kubernetes' API server has it: `ok`, or each check where it is asked for or something failed. */
function lines(
  ctx: Context,
  endpoint: string,
  shownChecks: readonly ShownLine[],
  unknown: readonly string[],
  isUp = true,
): void {
  if (isUp && !new URLSearchParams(ctx.querystring).has('verbose')) {
    text(ctx, 200, 'ok');
    return;
  }
  const each = shownChecks.map(({ name, passes, reason }) => {
    if (reason === 'excluded') return `[+]${name} excluded: ok`;
    return passes ? `[+]${name} ok` : `[-]${name} failed: ${reason ?? 'reason withheld'}`;
  });
  const warning =
    unknown.length === 0
      ? []
      : [
          `warn: some health checks cannot be excluded: no matches for ${unknown.map((name) => JSON.stringify(name)).join(', ')}`,
        ];
  text(
    ctx,
    isUp ? 200 : 503,
    [...each, ...warning, `${endpoint} check ${isUp ? 'passed' : 'failed'}`].join('\n'),
  );
}

function text(ctx: Context, status: number, body: string): void {
  ctx.status = status;
  ctx.body = `${body}\n`;
  ctx.set('Content-Type', 'text/plain; charset=utf-8');
  ctx.set('X-Content-Type-Options', 'nosniff');
}
