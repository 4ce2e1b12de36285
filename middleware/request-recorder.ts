/** Records requests: one is in flight from its start, and is recorded once, when it is over. */
import { httpServerAbortedBodies, httpServerFailedBodies } from '../lib/catalogue/http.js';
import { methodLabel } from '../lib/http-method.js';
import { spanForLater, useSpan } from '../lib/instruments/exemplar-sources.js';
import type { ExemplarLabels } from '../lib/instruments/exemplars.js';
import type { GaugeSeries } from '../lib/instruments/gauge.js';
import { secondsSince, startedAt } from '../lib/instruments/stopwatch.js';
import { BodyWatch, watchBodies } from './body-watch.js';
import type { KoaContext as Context } from './koa-types.js';
import { type RequestKind, type RequestSeriesOptions, requestSeries } from './request-series.js';
import { type Measurement, ResponseWatch, watchResponse } from './response-watch.js';

export interface RequestRecorderOptions extends Omit<RequestSeriesOptions, 'failed'> {
  readonly exemplar: ((ctx: Context) => ExemplarLabels | undefined) | undefined;
}

export interface RequestRecorder {
  /**
   * Starts the measurement of a request. The watch is that of an earlier middleware, if any; the scheme is empty unless it is a
   * label.
   */
  started(ctx: Context, watch: ResponseWatch | undefined, scheme: string): void;
  /** Counts a failed recording. */
  failed(error: unknown): void;
}

/** The requests in flight of one method, as clients send it, and one scheme. */
interface MethodInProgress {
  readonly sent: string;
  readonly scheme: string;
  readonly method: string;
  readonly series: GaugeSeries;
}

export function requestRecorder(options: RequestRecorderOptions): RequestRecorder {
  const { registry, semantics, measures, exemplar } = options;
  const failed = (error: unknown): void =>
    registry.recordingFailed(semantics.duration.name, 'request', error);
  const seriesOf = requestSeries({ ...options, failed });
  const inFlight = registry.gauge(semantics.inFlight);
  const brokenOff = {
    client: registry.counter(httpServerAbortedBodies),
    server: registry.counter(httpServerFailedBodies),
  };

  /** By the method as sent and the scheme, of which a service sees few. */
  const inProgress = new Map<string, MethodInProgress>();
  let latest: MethodInProgress | undefined;
  const methodOf = (sent: string, scheme: string): MethodInProgress => {
    if (latest?.sent === sent && latest.scheme === scheme) return latest;
    const method = methodLabel(sent);
    // Neither has a space, so that the key is unique.
    const key = `${method} ${scheme}`;
    const existing = inProgress.get(key);
    if (existing?.sent === sent) latest = existing;
    else {
      const series = existing?.series ?? inFlight.with(semantics.inFlightLabels({ method, scheme }));
      latest = { sent, scheme, method, series };
      inProgress.set(key, latest);
    }
    return latest;
  };

  class RequestMeasurement extends ResponseWatch implements Measurement, RequestKind {
    readonly registry: unknown = registry;
    readonly start = startedAt();
    innerCtx: Context | undefined = undefined;
    readonly method: string;
    readonly inProgress: GaugeSeries;
    readonly span = spanForLater();

    constructor(
      readonly ctx: Context,
      readonly next: Measurement | undefined,
      readonly scheme: string,
    ) {
      super(ctx.req, ctx.res);
      const { method, series } = methodOf(ctx.req.method ?? '', scheme);
      this.method = method;
      this.inProgress = series;
      series.inc();
    }

    handedTo(ctx: Context): void {
      if (ctx !== this.ctx) this.innerCtx = ctx;
    }

    ended(watch: ResponseWatch): void {
      this.inProgress.dec();
      useSpan(this.span);
      try {
        const seconds = secondsSince(this.start);
        const series = seriesOf(this, watch.status);
        series.duration.observe(seconds, 1, exemplar, this.ctx);
        const { bodies } = watch;
        if (bodies !== undefined) {
          if (series.firstByte !== undefined && watch.isHeadSent && bodies.firstByteAt !== 0)
            series.firstByte().observe(bodies.firstByteAt - this.start);
          series.requestSize?.observe(bodies.requestBytes());
          series.responseSize?.observe(watch.isHeadSent ? bodies.responseBytes : 0);
        }
        if (watch.breaker !== undefined && watch.isHeadSent) brokenOff[watch.breaker].inc();
      } catch (error) {
        // An error thrown by a `close` listener would end the process.
        failed(error);
      } finally {
        useSpan(undefined);
      }
    }
  }

  return {
    started: (ctx, earlier, scheme) => {
      const measurement = new RequestMeasurement(ctx, earlier?.measurements, scheme);
      const watch = earlier ?? measurement;
      if (measures.size > 0) {
        watch.bodies ??= new BodyWatch(watch);
        watchBodies(ctx.res, watch.bodies, measures);
      }
      if (watch.isOver) return measurement.ended(watch);
      watch.measurements = measurement;
      if (earlier === undefined) watchResponse(measurement, ctx.req, ctx.res);
    },
    failed,
  };
}
