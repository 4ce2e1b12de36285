/** Records a request when it is over. Caches the bound series per route, method and status. */
import { httpServerAbortedBodies, httpServerFailedBodies } from '../lib/catalogue/http.js';
import type { HistogramDefinition } from '../lib/definition.js';
import { methodLabel } from '../lib/http-method.js';
import type { GaugeSeries } from '../lib/instruments/gauge.js';
import type { Histogram, HistogramSeries } from '../lib/instruments/histogram.js';
import { secondsSince, startedAt } from '../lib/instruments/stopwatch.js';
import type { MetricsRegistry } from '../lib/registry.js';
import type { StructuralRegistry } from '../lib/structural-registry.js';
import type { KoaContext as Context } from './koa-types.js';
import type { RequestFacts, RequestSemantics } from './request-definitions.js';
import type { Measurement, ResponseWatch } from './response-watch.js';
import { routeOf, unmatchedRoute } from './route.js';

export interface RequestRecorderOptions {
  readonly registry: MetricsRegistry<StructuralRegistry>;
  readonly semantics: RequestSemantics;
  readonly duration: HistogramDefinition;
  readonly statusCodeOf: (status: number) => string;
  /** Functions for the labels of `duration` that the semantics do not have. */
  readonly extraLabels: readonly [string, (ctx: Context) => unknown][];
}

export interface RequestRecorder {
  /** Records the start of a request. @param scheme empty unless it is a label */
  started(ctx: Context, watch: ResponseWatch, scheme: string): void;
  /** Counts a failed recording. */
  failed(error: unknown): void;
}

/** The series of one kind of request. */
interface RequestSeries {
  /** Labels of all metrics except the duration. */
  readonly others: Readonly<Record<string, string>>;
  readonly duration: HistogramSeries;
  /** Made at the first byte, so that requests without a response make no series. */
  firstByte: HistogramSeries | undefined;
  readonly requestSize: HistogramSeries;
  readonly responseSize: HistogramSeries;
}

/** The number of cached kinds of requests. A service has far fewer; any above this are looked up for each request. */
const maxKept = 1_000;

export function requestRecorder(options: RequestRecorderOptions): RequestRecorder {
  const { registry, semantics, statusCodeOf, extraLabels } = options;
  const duration = registry.histogram(options.duration);
  const inFlight = registry.gauge(semantics.inFlight);
  const firstByte = semantics.firstByte === undefined ? undefined : registry.histogram(semantics.firstByte);
  const requestSize = registry.histogram(semantics.requestSize);
  const responseSize = registry.histogram(semantics.responseSize);
  const brokenOff = {
    client: registry.counter(httpServerAbortedBodies),
    server: registry.counter(httpServerFailedBodies),
  };
  const failed = (error: unknown): void =>
    registry.recordingFailed(semantics.duration.name, 'request', error);

  const seriesOf = (ctx: Context, facts: RequestFacts): RequestSeries => {
    const others = semantics.otherLabels(facts);
    return {
      others,
      duration: duration.with(withExtra(ctx, semantics.durationLabels(facts)) as never),
      firstByte: undefined,
      requestSize: requestSize.with(others as never),
      responseSize: responseSize.with(others as never),
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
  const kept = new Map<string, Map<string, Map<number, RequestSeries>>>();
  let keptCount = 0;
  const keptSeriesOf = (ctx: Context, route: string, method: string, scheme: string, status: number) => {
    // Neither a method nor a scheme has a space, so that the key is unique.
    const kind = scheme === '' ? method : `${scheme} ${method}`;
    const existing = extraLabels.length > 0 ? undefined : kept.get(route)?.get(kind)?.get(status);
    if (existing !== undefined) return existing;
    const facts = { method, route, status, statusCode: statusCodeOf(status), scheme };
    const made = seriesOf(ctx, facts);
    // Folded series are not cached, since each folding is counted.
    if (extraLabels.length > 0 || keptCount >= maxKept || !isExact(duration, made.duration, semantics, facts))
      return made;
    const byKind = kept.get(route) ?? new Map<string, Map<number, RequestSeries>>();
    const byStatus = byKind.get(kind) ?? new Map<number, RequestSeries>();
    kept.set(route, byKind.set(kind, byStatus.set(status, made)));
    keptCount += 1;
    return made;
  };

  /** Method -> series. Methods are a closed set. */
  const inProgressByMethod = new Map<string, GaugeSeries>();
  const inProgressOf = (method: string, scheme: string): GaugeSeries => {
    const existing = scheme === '' ? inProgressByMethod.get(method) : undefined;
    if (existing !== undefined) return existing;
    const made = inFlight.with(semantics.inFlightLabels({ method, scheme }));
    if (scheme === '') inProgressByMethod.set(method, made);
    return made;
  };

  class RequestMeasurement implements Measurement {
    readonly next: Measurement | undefined;
    readonly #ctx: Context;
    /** The context in the innermost app, if the request was passed on by `callback()`. */
    #innerCtx: Context | undefined;
    readonly #method: string;
    readonly #scheme: string;
    readonly #inProgress: GaugeSeries;
    readonly #start = startedAt();

    constructor(ctx: Context, next: Measurement | undefined, scheme: string) {
      this.next = next;
      this.#ctx = ctx;
      this.#scheme = scheme;
      this.#method = methodLabel(ctx.req.method ?? '');
      this.#inProgress = inProgressOf(this.#method, scheme);
      this.#inProgress.inc();
    }

    get registry(): unknown {
      return registry;
    }

    handedTo(ctx: Context): void {
      if (ctx !== this.#ctx) this.#innerCtx = ctx;
    }

    ended(watch: ResponseWatch): void {
      this.#inProgress.dec();
      const ctx = this.#ctx;
      try {
        const seconds = secondsSince(this.#start);
        const series = keptSeriesOf(ctx, this.#route(), this.#method, this.#scheme, watch.status);
        series.duration.observe(seconds);
        if (watch.firstByteAt !== 0 && firstByte !== undefined) {
          series.firstByte ??= firstByte.with(series.others as never);
          series.firstByte.observe(watch.firstByteAt - this.#start);
        }
        series.requestSize.observe(watch.requestBytes());
        series.responseSize.observe(watch.responseBytes);
        if (watch.breaker !== undefined && watch.isHeadSent) brokenOff[watch.breaker].inc();
      } catch (error) {
        // An error thrown by a `close` listener would end the process.
        failed(error);
      }
    }

    #route(): string {
      const inner = this.#innerCtx === undefined ? unmatchedRoute : routeOf(this.#innerCtx);
      return inner === unmatchedRoute ? routeOf(this.#ctx) : inner;
    }
  }

  return {
    started: (ctx, watch, scheme) => {
      const measurement = new RequestMeasurement(ctx, watch.measurements, scheme);
      if (watch.isOver) measurement.ended(watch);
      else watch.measurements = measurement;
    },
    failed,
  };
}

/** Whether a series has exactly the requested labels, and none of them was folded. */
function isExact(
  { labelNames, series: tree }: Histogram,
  series: HistogramSeries,
  semantics: RequestSemantics,
  facts: RequestFacts,
): boolean {
  const wanted = semantics.durationLabels(facts);
  return tree.valuesOf(series).every((value, index) => value === (wanted[labelNames[index] ?? ''] ?? ''));
}
