/** The health and readiness endpoints for people, load balancers and Kubernetes, independent of the server. */
import { preferredMediaType } from '../lib/exposition/negotiate.js';
import { type CheckResult, HealthChecks, type HealthReport } from '../lib/health.js';
import { invalidOption } from '../lib/option-names.js';
import { type Endpoint, type EndpointAnswer, type EndpointRequest, refusedMethod } from './endpoint.js';

/** The options of `healthRouter`. */
export interface HealthRouterOptions {
  /** The checks on which readiness depends. Default: no checks; ready unless the service drains. */
  checks?: HealthChecks;
  /**
   * Whether responses include the reason why a check failed. Reasons contain host names and error messages: enable them on
   * trusted networks only. Default: false.
   */
  details?: boolean;
}

/**
 * The endpoints `/health`, `/ready`, `/livez`, `/readyz` and the single checks of the last two.
 * @param where the factory, for messages
 * @throws ERR_METRICS_INVALID_OPTION
 */
export function healthEndpoints(where: string, options: HealthRouterOptions): Endpoint[] {
  const { checks = new HealthChecks(), details = false } = options;
  if (!(checks instanceof HealthChecks))
    throw invalidOption(where, 'checks', 'new HealthChecks({ checks })', checks);
  const readyz = async (request: EndpointRequest): Promise<EndpointAnswer> => {
    const excluded = request.query.getAll('exclude').flatMap((names) => names.split(','));
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
    const unknown = excluded.filter((name) => name !== '' && !known.includes(name));
    // A failed check that is not critical is listed as failed, but the status stays 200.
    return lines(request, 'readyz', shownChecks, unknown, report.status !== 'fail');
  };
  const readyzCheck = async (_request: EndpointRequest, name: string): Promise<EndpointAnswer> => {
    if (name === 'ping') return text(200, 'ok');
    if (name === 'shutdown') return checks.isDraining ? text(503, 'the service drains') : text(200, 'ok');
    const result = await checks.runOne(name);
    if (result === undefined) return text(404, 'no such check');
    if (result.status !== 'fail') return text(200, 'ok');
    return text(503, `${name} failed: ${details ? (result.output ?? 'no reason given') : 'reason withheld'}`);
  };
  return [
    endpoint('/health', (request) => {
      const plain = { status: 'healthy', timestamp: new Date().toISOString(), uptime: process.uptime() };
      return json(request, 200, plain, { status: 'pass' });
    }),
    endpoint('/ready', async (request) => {
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
      return json(request, isReady ? 200 : 503, plain, healthJson(report, details));
    }),
    endpoint('/livez', (request) =>
      lines(request, 'livez', [{ name: 'ping', passes: true, reason: undefined }], []),
    ),
    endpoint('/livez/:check', (_request, name) =>
      name === 'ping' ? text(200, 'ok') : text(404, 'no such check'),
    ),
    endpoint('/readyz', readyz),
    endpoint('/readyz/:check', readyzCheck),
  ];
}

const methods = ['GET', 'HEAD', 'OPTIONS'];

function endpoint(
  path: string,
  answer: (request: EndpointRequest, parameter: string) => EndpointAnswer | Promise<EndpointAnswer>,
): Endpoint {
  return {
    path,
    isLenient: true,
    answer: async (request, parameter) => {
      const refused = refusedMethod(request, methods);
      if (refused !== undefined) return refused;
      if (request.method !== 'OPTIONS') return answer(request, parameter);
      // HAProxy probes with OPTIONS by default, and reads only the status.
      const { status } = await answer(request, parameter);
      return { status, headers: { Allow: methods.join(', '), 'Cache-Control': 'no-store' } };
    },
  };
}

interface ShownLine {
  readonly name: string;
  readonly passes: boolean;
  readonly reason: string | undefined;
}

function json(request: EndpointRequest, status: number, plain: object, health: object): EndpointAnswer {
  const type = preferredMediaType(request.header('accept'), ['application/json', healthJsonType]);
  return {
    status,
    headers: { 'Cache-Control': 'no-store', 'Content-Type': `${type}; charset=utf-8`, Vary: 'Accept' },
    body: JSON.stringify(type === healthJsonType ? health : plain),
  };
}

const healthJsonType = 'application/health+json';

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

/** The text format of the Kubernetes API server: `ok`, or one line per check if `verbose` is set or a check failed. */
function lines(
  { query }: EndpointRequest,
  name: string,
  shownChecks: readonly ShownLine[],
  unknown: readonly string[],
  isUp = true,
): EndpointAnswer {
  if (isUp && !query.has('verbose')) return text(200, 'ok');
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
  const result = `${name} check ${isUp ? 'passed' : 'failed'}`;
  return text(isUp ? 200 : 503, [...each, ...warning, result].join('\n'));
}

function text(status: number, body: string): EndpointAnswer {
  const headers = {
    'Cache-Control': 'no-store',
    'Content-Type': 'text/plain; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
  };
  return { status, headers, body: `${body}\n` };
}
