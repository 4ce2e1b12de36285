/** Finds the series of a request, and caches them by route, method and status: a request with known labels makes no object. */
import type { HistogramDefinition } from '../lib/definition.js';
import type { Histogram } from '../lib/instruments/histogram.js';
import type { HistogramSeries } from '../lib/instruments/histogram-series.js';
import type { MetricsRegistry } from '../lib/registry.js';
import type { StructuralRegistry } from '../lib/structural-registry.js';
import type { BodyMeasures, RequestMeasure } from './body-watch.js';
import type { KoaContext as Context } from './koa-types.js';
import type { RequestFacts, RequestSemantics } from './request-definitions.js';
import { onlyLayerOf, type RouteLayer, routeOf, unmatchedRoute } from './route.js';

/** The series of one kind of request. */
export interface RequestSeries {
  readonly duration: HistogramSeries;
  /** Made at the first byte, so that requests without a response make no series. */
  readonly firstByte: (() => HistogramSeries) | undefined;
  readonly requestSize: HistogramSeries | undefined;
  readonly responseSize: HistogramSeries | undefined;
}

export interface RequestSeriesOptions {
  readonly registry: MetricsRegistry<StructuralRegistry>;
  readonly semantics: RequestSemantics;
  readonly duration: HistogramDefinition;
  readonly measures: BodyMeasures;
  readonly statusCodeOf: (status: number) => string;
  /** Sources of the labels of `duration` that the semantics do not have. */
  readonly extraLabels: readonly [string, (ctx: Context) => unknown][];
  /** Called when a source of a label throws. */
  readonly failed: (error: unknown) => void;
}

/** What identifies the series of a request. */
export interface RequestKind {
  readonly ctx: Context;
  /** The context in the innermost app, if the request was passed on by `callback()`. */
  readonly innerCtx: Context | undefined;
  readonly method: string;
  readonly scheme: string;
}

/** The kind of the latest request that one layer of the router answered. */
interface LatestOfLayer {
  path: string | RegExp;
  method: string;
  scheme: string;
  status: number;
  series: RequestSeries;
}

/** The number of cached kinds of requests. A service has far fewer; any above this are looked up for each request. */
const maxCached = 1_000;

/** @returns the function that finds the series of a request */
export function requestSeries(
  options: RequestSeriesOptions,
): (request: RequestKind, status: number) => RequestSeries {
  const { registry, semantics, measures, statusCodeOf, extraLabels, failed } = options;
  const duration = registry.histogram(options.duration);
  const chosen = (
    measure: RequestMeasure,
    definition: HistogramDefinition | undefined,
  ): Histogram | undefined =>
    definition !== undefined && measures.has(measure) ? registry.histogram(definition) : undefined;
  const firstByte = chosen('first-byte', semantics.firstByte);
  const requestSize = chosen('request-size', semantics.requestSize);
  const responseSize = chosen('response-size', semantics.responseSize);

  const madeFor = (ctx: Context, facts: RequestFacts): RequestSeries => {
    const others = semantics.otherLabels(facts) as never;
    let first: HistogramSeries | undefined;
    return {
      duration: duration.with(withExtra(ctx, semantics.durationLabels(facts)) as never),
      firstByte:
        firstByte === undefined
          ? undefined
          : () => {
              first ??= firstByte.with(others);
              return first;
            },
      requestSize: requestSize?.with(others),
      responseSize: responseSize?.with(others),
    };
  };
  /** Adds the labels of a user's duration histogram. If a function throws, the error is counted and its label is absent. */
  const withExtra = (ctx: Context, own: Record<string, string>): Record<string, unknown> => {
    if (extraLabels.length === 0) return own;
    const all: Record<string, unknown> = { ...own };
    for (const [name, source] of extraLabels) {
      try {
        all[name] = source(ctx);
      } catch (error) {
        failed(error);
      }
    }
    return all;
  };

  /** Route -> scheme and method -> status. */
  const cache = new Map<string, Map<string, Map<number, RequestSeries>>>();
  let cachedCount = 0;
  /**
   * The latest kind of each layer of the router: most requests are like the one before, and need no look-up of the route. It is
   * a property of the layer, which is found faster than the entry of a map.
   */
  const latestOf = Symbol('tamma:latest');
  const lookedUp = (request: RequestKind, status: number, layer: RouteLayer | undefined): RequestSeries => {
    const { ctx, innerCtx, method, scheme } = request;
    const route = routeIn(ctx, innerCtx);
    // Neither a method nor a scheme has a space, so that the key is unique.
    const kind = scheme === '' ? method : `${scheme} ${method}`;
    let series = extraLabels.length > 0 ? undefined : cache.get(route)?.get(kind)?.get(status);
    if (series === undefined) {
      const facts = { method, route, status, statusCode: statusCodeOf(status), scheme };
      series = madeFor(ctx, facts);
      // Folded series are not cached, since each folding is counted.
      const isCacheable =
        extraLabels.length === 0 &&
        cachedCount < maxCached &&
        isExact(duration, series.duration, semantics.durationLabels(facts));
      if (!isCacheable) return series;
      const byKind = cache.get(route) ?? new Map<string, Map<number, RequestSeries>>();
      const byStatus = byKind.get(kind) ?? new Map<number, RequestSeries>();
      cache.set(route, byKind.set(kind, byStatus.set(status, series)));
      cachedCount += 1;
    }
    if (layer !== undefined) keep(layer, latestOf, { path: layer.path, method, scheme, status, series });
    return series;
  };
  return (request, status) => {
    if (request.innerCtx !== undefined) return lookedUp(request, status, undefined);
    const layer = onlyLayerOf(request.ctx);
    const latest = layer?.[latestOf] as LatestOfLayer | undefined;
    return latest !== undefined &&
      latest.method === request.method &&
      latest.status === status &&
      latest.scheme === request.scheme &&
      latest.path === layer?.path
      ? latest.series
      : lookedUp(request, status, layer);
  };
}

/** Not enumerable: a router copies the properties of the layers of a nested one. A frozen layer keeps nothing. */
function keep(layer: RouteLayer, key: symbol, value: LatestOfLayer): void {
  if (key in layer) (layer as Record<symbol, unknown>)[key] = value;
  else if (Object.isExtensible(layer)) Object.defineProperty(layer, key, { value, writable: true });
}

function routeIn(ctx: Context, innerCtx: Context | undefined): string {
  const inner = innerCtx === undefined ? unmatchedRoute : routeOf(innerCtx);
  return inner === unmatchedRoute ? routeOf(ctx) : inner;
}

/** Whether a series has exactly the requested labels, and none of them was folded. */
function isExact(
  { labelNames, series: tree }: Histogram,
  series: HistogramSeries,
  wanted: Readonly<Record<string, string>>,
): boolean {
  return tree.valuesOf(series).every((value, index) => value === (wanted[labelNames[index] ?? ''] ?? ''));
}
