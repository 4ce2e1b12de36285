/** Koa middleware that measures the requests an app answers. */

import { defineHistogram } from '../lib/define.js';
import type { HistogramDefinition } from '../lib/definition.js';
import { metricsError, shown } from '../lib/errors.js';
import type { LabelShape } from '../lib/label.js';
import { checkFactoryOptions } from '../lib/option-checks.js';
import type { OptionNames } from '../lib/option-names.js';
import { type MetricsRegistry, sharedRegistry } from '../lib/registry.js';
import type { StructuralRegistry } from '../lib/structural-registry.js';
import type { KoaContext as Context, KoaMiddleware, OfContext } from './koa-types.js';
import { requestSemantics } from './request-definitions.js';
import { servedUnmeasured, warnOfRoutersBefore } from './request-mount.js';
import { requestRecorder } from './request-recorder.js';
import { measurementIn, watchOf, watchWire } from './response-watch.js';

/** Labels that the middleware fills in itself. */
type OwnLabel =
  | 'method'
  | 'route'
  | 'status_code'
  | 'http_request_method'
  | 'url_scheme'
  | 'http_route'
  | 'http_response_status_code'
  | 'error_type';

/** A function of the request for each label of a duration histogram beyond those that are filled in. */
export type RequestLabels<L extends LabelShape> = {
  readonly [Name in Exclude<keyof L, OwnLabel>]: OfContext<string | number | boolean>;
};

export interface RequestMetricsOptions<L extends LabelShape = Record<OwnLabel, never>> {
  /** Where to record. Default: `sharedRegistry`. */
  registry?: MetricsRegistry<StructuralRegistry>;
  /** Requests that are not measured. Asked at their start. A function that throws measures. */
  skip?: OfContext<boolean>;
  /**
   * A histogram in place of `http_server_request_duration_seconds`, with labels of its own beside `method`, `route` and
   * `status_code`, which `labels` fills in.
   */
  duration?: HistogramDefinition<L>;
  /** What the labels of `duration` are made of, at the end of a request. One that throws leaves its label absent. */
  labels?: RequestLabels<L>;
  /** What `status_code` shows: the status, its class (`2xx`), or what a function makes of it. Default: `exact`. */
  statusCode?: 'exact' | 'class' | ((status: number) => string);
  /** Bounds of the duration histogram, in seconds. Default: those of OpenTelemetry's conventions, 5 ms to 10 s. */
  buckets?: readonly number[];
  /** Names and labels of the metrics: the catalogue's, or those of OpenTelemetry's HTTP semantic conventions. */
  semantics?: 'catalogue' | 'opentelemetry';
}

/**
 * Measures requests: `http_server_request_duration_seconds` to the end of the body, by method, route template and status;
 * `http_server_requests_in_flight`; `http_server_time_to_first_byte_seconds`; `http_server_request_size_bytes` and
 * `http_server_response_size_bytes`, of the bodies as they go over the wire; `http_server_aborted_bodies_total` and
 * `http_server_failed_bodies_total`. Mount it first.
 *
 * A request is recorded once, when its connection or stream is done with it, with the status that went over the wire: also
 * what Node or a listener of the server answers by itself (400, 408), and 101 for an upgrade, whose session is not measured.
 * Where nothing went over the wire it is 499 if the client left, and 500 if this process dropped the request. What a
 * client leaves before its last byte is an aborted body, what this process breaks off a failed one. Mounted twice it still records once, by the first. An app that
 * another one hands requests to by `callback()` mounts it as well, so that its routes are known. Mounted
 * without parentheses or after a router, it warns once at a request that reaches it (METRICS_REQUESTS_UNMEASURED).
 * @throws ERR_METRICS_INVALID_OPTION, ERR_METRICS_DEFINITION_CONFLICT
 * @example
 * app.use(requestMetrics({ skip: (ctx) => ctx.path === '/health' }));
 */
export function requestMetrics<L extends LabelShape = Record<OwnLabel, never>>(
  options?: RequestMetricsOptions<L>,
): KoaMiddleware;
export function requestMetrics<L extends LabelShape = Record<OwnLabel, never>>(
  options: RequestMetricsOptions<L> = {},
  next?: () => Promise<unknown>,
): unknown {
  if (typeof next === 'function') return servedUnmeasured(next);
  checkOptions(options);
  const { registry = sharedRegistry, skip, labels = {}, semantics: names = 'catalogue' } = options;
  const semantics = requestSemantics[names];
  const recorder = requestRecorder({
    registry,
    semantics,
    duration: durationDefinition(options, semantics.duration),
    statusCodeOf: statusCodes(options.statusCode),
    extraLabels: Object.entries(labels) as [string, (ctx: Context) => unknown][],
  });
  // Koa looks at the connection and its proxies to tell: only where it is a label.
  const hasScheme = names === 'opentelemetry';
  const isSkipped = (ctx: Context): boolean => {
    try {
      return skip?.(ctx) === true;
    } catch (error) {
      recorder.failed(error);
      return false;
    }
  };

  let isPlaceChecked = false;
  const measure: KoaMiddleware = function requestMetrics(ctx, next) {
    if (!registry.isEnabled) return next();
    if (!isPlaceChecked) {
      isPlaceChecked = true;
      warnOfRoutersBefore(measure, ctx.app, registry);
    }
    const { req, res } = ctx;
    // A context that is not of a request, such as koa-websocket makes of a connection.
    if (typeof res?.on !== 'function') return next();
    const watch = watchOf(res);
    const measurement = watch === undefined ? undefined : measurementIn(registry, watch);
    if (measurement !== undefined) {
      measurement.handedTo(ctx);
      return next();
    }
    if (skip !== undefined && isSkipped(ctx)) return next();
    recorder.started(ctx, watch ?? watchWire(req, res), hasScheme ? schemeOf(ctx.protocol) : '');
    return next();
  };
  return measure;
}

/** A proxy's header can have any text; it must not become series. */
function schemeOf(protocol: string): string {
  const scheme = protocol.toLowerCase();
  return scheme === 'http' || scheme === 'https' ? scheme : 'other';
}

function statusCodes(grouping: RequestMetricsOptions['statusCode'] = 'exact'): (status: number) => string {
  if (typeof grouping === 'function') return (status) => String(grouping(status));
  // Statuses are few: their texts are made once.
  const texts = new Map<number, string>();
  return (status) => {
    const existing = texts.get(status);
    if (existing !== undefined) return existing;
    const text = grouping === 'class' ? `${Math.floor(status / 100)}xx` : String(status);
    if (texts.size < 1_000) texts.set(status, text);
    return text;
  };
}

function durationDefinition<L extends LabelShape>(
  { duration, buckets }: RequestMetricsOptions<L>,
  fallback: HistogramDefinition,
): HistogramDefinition {
  const chosen = (duration ?? fallback) as HistogramDefinition;
  if (buckets === undefined) return chosen;
  const { name, help, labels, lint } = chosen;
  return defineHistogram({ name, help, labels, buckets, ...(lint === undefined ? {} : { lint }) });
}

const optionNames = {
  registry: true,
  skip: true,
  duration: true,
  labels: true,
  statusCode: true,
  buckets: true,
  semantics: true,
} satisfies OptionNames<RequestMetricsOptions>;

function checkOptions<L extends LabelShape>(options: RequestMetricsOptions<L>): void {
  const invalid = (option: string, expected: string, received: unknown): Error =>
    metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`${option}\` of requestMetrics: expected ${expected}, received ${shown(received)}.`,
    );
  checkFactoryOptions('requestMetrics', options, optionNames);
  const { skip, duration, labels = {}, statusCode, semantics } = options;
  if (skip !== undefined && typeof skip !== 'function')
    throw invalid('skip', 'a function of the context', skip);
  if (semantics !== undefined && !Object.hasOwn(requestSemantics, semantics))
    throw invalid('semantics', '"catalogue" or "opentelemetry"', semantics);
  if (
    statusCode !== undefined &&
    typeof statusCode !== 'function' &&
    statusCode !== 'exact' &&
    statusCode !== 'class'
  )
    throw invalid('statusCode', '"exact", "class" or a function of the status', statusCode);
  const own = Object.keys(requestSemantics[semantics ?? 'catalogue'].duration.labels);
  const declared = Object.keys(duration?.labels ?? {});
  if (duration !== undefined && duration.type !== 'histogram')
    throw invalid('duration', 'a histogram', duration);
  if (duration !== undefined) {
    const missing = own.find((name) => !declared.includes(name));
    if (missing !== undefined)
      throw invalid('duration', `a histogram with the labels ${own.join(', ')} among others`, declared);
  }
  const extra = declared.filter((name) => !own.includes(name));
  const given = labels as Readonly<Record<string, unknown>>;
  const wrong =
    extra.find((name) => typeof given[name] !== 'function') ??
    Object.keys(given).find((name) => !extra.includes(name));
  if (wrong !== undefined)
    throw invalid(
      'labels',
      `a function of the context for each of ${extra.join(', ') || 'no labels'}`,
      Object.keys(given),
    );
}
