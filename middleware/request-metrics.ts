/** `requestMetrics`: Koa middleware that measures the requests of an app. */

import { defineHistogram } from '../lib/define.js';
import type { HistogramDefinition } from '../lib/definition.js';
import { didYouMean } from '../lib/errors.js';
import type { ExemplarLabels } from '../lib/instruments/exemplars.js';
import type { LabelShape } from '../lib/label.js';
import { otherValue } from '../lib/label.js';
import { checkFactoryOptions } from '../lib/option-checks.js';
import { invalidOption, type OptionNames } from '../lib/option-names.js';
import { type MetricsRegistry, sharedRegistry } from '../lib/registry.js';
import type { StructuralRegistry } from '../lib/structural-registry.js';
import { type RequestMeasure, requestMeasures } from './body-watch.js';
import type { KoaContext as Context, ContextFunction, KoaMiddleware } from './koa-types.js';
import { requestSemantics } from './request-definitions.js';
import { servedUnmeasured, warnOfRoutersBefore } from './request-mount.js';
import { requestRecorder } from './request-recorder.js';
import { measurementIn, watchOf } from './response-watch.js';

/** The labels that the middleware fills in itself: those of the catalogue, and those of OpenTelemetry. */
export type FilledLabel =
  | 'method'
  | 'route'
  | 'status_code'
  | 'http_request_method'
  | 'url_scheme'
  | 'http_route'
  | 'http_response_status_code'
  | 'error_type';

/** A function of the context for each label of a duration histogram that the middleware does not fill in itself. */
export type RequestLabels<L extends LabelShape> = {
  readonly [Name in Exclude<keyof L, FilledLabel>]: ContextFunction<string | number | boolean>;
};

/** The options of `requestMetrics`. */
export interface RequestMetricsOptions<L extends LabelShape = Record<FilledLabel, never>> {
  /** The registry to record in. Default: `sharedRegistry`. */
  registry?: MetricsRegistry<StructuralRegistry>;
  /** Whether a request is not measured. Called at its start; if it throws, the request is measured. Default: none is skipped. */
  skip?: ContextFunction<boolean>;
  /**
   * A histogram that replaces `http_server_request_duration_seconds`. It has `method`, `route` and `status_code`, and may have
   * more labels, whose values come from `labels`. Default: the histogram of the catalogue.
   */
  duration?: HistogramDefinition<L>;
  /**
   * Functions for the additional labels of `duration`, called at the end of a request. If one throws, its label is absent.
   * Default: none.
   */
  labels?: RequestLabels<L>;
  /**
   * Labels of an exemplar of the duration, in addition to those of the span that was active when the request began. Called at the
   * end of a request, at most once a second for each bucket of a series. Default: none.
   * @example
   * { exemplar: (ctx) => ({ request_id: ctx.state.requestId }) }
   */
  exemplar?: ContextFunction<ExemplarLabels | undefined>;
  /** The value of `status_code`: the status, its class (`2xx`), or the result of a function. Default: `exact`. */
  statusCode?: 'exact' | 'class' | ((status: number) => string);
  /** Bucket bounds of the duration histogram, in seconds. Default: those of OpenTelemetry's conventions, 5 ms to 10 s. */
  buckets?: readonly number[];
  /**
   * What is measured in addition to the duration, the requests in flight, and the bodies that were aborted or failed: the time
   * to the first byte, and the bytes of the bodies as sent. Each adds to the time that a request takes. Default: none.
   */
  measure?: readonly RequestMeasure[];
  /**
   * Names and labels of the metrics: those of the catalogue, or of OpenTelemetry's HTTP semantic conventions. Default:
   * `catalogue`.
   * @see https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
   */
  semantics?: 'catalogue' | 'opentelemetry';
}

/**
 * Makes Koa middleware that measures requests: `http_server_request_duration_seconds` to the end of the body, by method, route
 * template and status; `http_server_requests_in_flight`; `http_server_aborted_bodies_total` and
 * `http_server_failed_bodies_total`. The option `measure` adds `http_server_time_to_first_byte_seconds`,
 * `http_server_request_size_bytes` and `http_server_response_size_bytes`. Mount it first.
 *
 * A request is recorded once, when its connection or stream is done with it, with the status that was sent: also if Node or a
 * listener of the server responded (400, 408), and 101 for an upgrade, whose session is not measured. If nothing was sent, the
 * status is 499 if the client left, and 500 if this process dropped the request. A body that the client leaves before its last
 * byte counts as aborted, one that this process breaks off as failed.
 *
 * If it is mounted twice, requests are still recorded once, by the first. An app that gets requests from another app by
 * `callback()` mounts it as well, so that its routes are known. Mounted without parentheses or after a router, it warns once
 * (METRICS_REQUESTS_UNMEASURED).
 * @throws ERR_METRICS_INVALID_OPTION, ERR_METRICS_DEFINITION_CONFLICT
 * @example
 * app.use(requestMetrics({ skip: (ctx) => ctx.path === '/health' }));
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
 */
export function requestMetrics<L extends LabelShape = Record<FilledLabel, never>>(
  options?: RequestMetricsOptions<L>,
): KoaMiddleware;
export function requestMetrics<L extends LabelShape = Record<FilledLabel, never>>(
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
    measures: new Set(options.measure),
    statusCodeOf: statusCodes(options.statusCode),
    exemplar: options.exemplar,
    extraLabels: Object.entries(labels) as [string, (ctx: Context) => unknown][],
  });
  // Read only if it is a label: Koa has to inspect the connection and its proxies.
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
    const { res } = ctx;
    // Not the context of a request: koa-websocket makes contexts of connections.
    if (typeof res?.on !== 'function') return next();
    const watch = watchOf(res);
    const measurement = watch === undefined ? undefined : measurementIn(registry, watch);
    if (measurement !== undefined) {
      measurement.handedTo(ctx);
      return next();
    }
    if (skip !== undefined && isSkipped(ctx)) return next();
    recorder.started(ctx, watch, hasScheme ? schemeOf(ctx.protocol) : '');
    return next();
  };
  return measure;
}

/** The header of a proxy may hold any text, which must not become series. */
function schemeOf(protocol: string): string {
  const scheme = protocol.toLowerCase();
  return scheme === 'http' || scheme === 'https' ? scheme : otherValue;
}

function statusCodes(grouping: RequestMetricsOptions['statusCode'] = 'exact'): (status: number) => string {
  if (typeof grouping === 'function') return (status) => String(grouping(status));
  // Caches the text of each status.
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
  exemplar: true,
  measure: true,
  semantics: true,
} satisfies OptionNames<RequestMetricsOptions>;

function checkOptions<L extends LabelShape>(options: RequestMetricsOptions<L>): void {
  const where = 'requestMetrics';
  checkFactoryOptions(where, options, optionNames);
  const { skip, duration, labels = {}, statusCode, exemplar, semantics, measure = [] } = options;
  if (!Array.isArray(measure) || !measure.every((each) => requestMeasures.includes(each))) {
    const expected = `an array of ${requestMeasures.map((name) => `"${name}"`).join(', ')}`;
    const wrong = [measure].flat().find((each) => !requestMeasures.includes(each));
    const remedy = typeof wrong === 'string' ? didYouMean(wrong, requestMeasures) : '';
    throw invalidOption(where, 'measure', expected, measure, remedy);
  }
  if (skip !== undefined && typeof skip !== 'function')
    throw invalidOption(where, 'skip', 'a function of the context', skip);
  if (exemplar !== undefined && typeof exemplar !== 'function')
    throw invalidOption(where, 'exemplar', 'a function of the context', exemplar);
  if (semantics !== undefined && !Object.hasOwn(requestSemantics, semantics))
    throw invalidOption(where, 'semantics', '"catalogue" or "opentelemetry"', semantics);
  if (
    statusCode !== undefined &&
    typeof statusCode !== 'function' &&
    statusCode !== 'exact' &&
    statusCode !== 'class'
  )
    throw invalidOption(where, 'statusCode', '"exact", "class" or a function of the status', statusCode);
  const own = Object.keys(requestSemantics[semantics ?? 'catalogue'].duration.labels);
  const declared = Object.keys(duration?.labels ?? {});
  if (duration !== undefined && duration.type !== 'histogram')
    throw invalidOption(where, 'duration', 'a histogram', duration);
  if (duration !== undefined && !own.every((name) => declared.includes(name))) {
    const expected = `a histogram with the labels ${own.join(', ')} among others`;
    throw invalidOption(where, 'duration', expected, declared);
  }
  const extra = declared.filter((name) => !own.includes(name));
  const given = labels as Readonly<Record<string, unknown>>;
  const wrong =
    extra.find((name) => typeof given[name] !== 'function') ??
    Object.keys(given).find((name) => !extra.includes(name));
  if (wrong === undefined) return;
  const expected = `a function of the context for each of ${extra.join(', ') || 'no labels'}`;
  throw invalidOption(where, 'labels', expected, Object.keys(given));
}
