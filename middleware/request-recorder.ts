/** Records a request when it is over. What its labels lead to is looked up once for all requests that have the same. */
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
import type { Measurement, WireWatch } from './response-watch.js';
import { routeOf, unmatchedRoute } from './route.js';

export interface RequestRecorderOptions {
  readonly registry: MetricsRegistry<StructuralRegistry>;
  readonly semantics: RequestSemantics;
  readonly duration: HistogramDefinition;
  readonly statusCodeOf: (status: number) => string;
  /** What the labels of `duration` beyond those of the semantics are made of. */
  readonly extraLabels: readonly [string, (ctx: Context) => unknown][];
}

export interface RequestRecorder {
  /** A request begins, with its scheme where that is a label. */
  started(ctx: Context, watch: WireWatch, scheme: string): void;
  /** Something of a measurement has thrown. */
  failed(error: unknown): void;
}

/** Where a request is recorded. */
interface RequestSeries {
  /** Labels of all but the duration. */
  readonly others: Readonly<Record<string, string>>;
  readonly duration: HistogramSeries;
  /** Made at the first byte: a request that never had one leaves none behind. */
  firstByte: HistogramSeries | undefined;
  readonly requestSize: HistogramSeries;
  readonly responseSize: HistogramSeries;
}

/** Kinds of requests whose series are kept at hand; a service has far fewer, and more are looked up each time. */
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
  /** Labels of the histogram that its user brought; what fails is absent, and noted. */
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
    // A method is a word, so a scheme before it makes no two alike.
    const kind = scheme === '' ? method : `${scheme} ${method}`;
    const existing = extraLabels.length > 0 ? undefined : kept.get(route)?.get(kind)?.get(status);
    if (existing !== undefined) return existing;
    const facts = { method, route, status, statusCode: statusCodeOf(status), scheme };
    const made = seriesOf(ctx, facts);
    // What was folded is not kept: each time it happens is counted.
    if (extraLabels.length > 0 || keptCount >= maxKept || !isExact(duration, made.duration, semantics, facts))
      return made;
    const byKind = kept.get(route) ?? new Map<string, Map<number, RequestSeries>>();
    const byStatus = byKind.get(kind) ?? new Map<number, RequestSeries>();
    kept.set(route, byKind.set(kind, byStatus.set(status, made)));
    keptCount += 1;
    return made;
  };

  /** Method -> series; methods are a closed set. */
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
    /** Its context in the app that it was handed on to last. */
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

    ended(wire: WireWatch): void {
      this.#inProgress.dec();
      const ctx = this.#ctx;
      try {
        const seconds = secondsSince(this.#start);
        const series = keptSeriesOf(ctx, this.#route(), this.#method, this.#scheme, wire.status);
        series.duration.observe(seconds);
        if (wire.firstByteAt !== 0 && firstByte !== undefined) {
          series.firstByte ??= firstByte.with(series.others as never);
          series.firstByte.observe(wire.firstByteAt - this.#start);
        }
        series.requestSize.observe(wire.requestBytes());
        series.responseSize.observe(wire.responseBytes);
        if (wire.breaker !== undefined && wire.isHeadSent) brokenOff[wire.breaker].inc();
      } catch (error) {
        // Nobody listens to a `close` handler that throws: it would end the process.
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

/** Whether a series has the very labels that were asked for. */
function isExact(
  { labelNames, series: tree }: Histogram,
  series: HistogramSeries,
  semantics: RequestSemantics,
  facts: RequestFacts,
): boolean {
  const wanted = semantics.durationLabels(facts);
  return tree.valuesOf(series).every((value, index) => value === (wanted[labelNames[index] ?? ''] ?? ''));
}
