/** Koa middleware that measures the requests an app answers. */
import type { IncomingMessage } from 'node:http';
import type { Middleware } from 'koa';
import {
  httpServerAbortedBodies,
  httpServerRequestDuration,
  httpServerRequestsInFlight,
} from '../lib/catalogue/http.js';
import { methodLabel } from '../lib/http-method.js';
import { secondsSince, startedAt } from '../lib/instruments/stopwatch.js';
import { type MetricsRegistry, type StructuralRegistry, sharedRegistry } from '../lib/registry.js';
import { routeOf } from './route.js';

export interface RequestMetricsOptions {
  /** Where to record. Default: `sharedRegistry`. */
  registry?: MetricsRegistry<StructuralRegistry>;
}

/** Status of a request whose client left before it got an answer (nginx's convention). */
const clientClosedRequest = 499;

/**
 * Measures requests: `http_server_request_duration_seconds` by method, route template and status,
 * `http_server_requests_in_flight`, and `http_server_aborted_bodies_total`. Mount it first. A request is recorded once,
 * when its connection or stream is done with it (`close`), with the status the client got; mounted twice it still
 * records once.
 * @example
 * app.use(requestMetrics());
 */
export function requestMetrics({ registry = sharedRegistry }: RequestMetricsOptions = {}): Middleware {
  const durations = registry.histogram(httpServerRequestDuration);
  const inFlight = registry.gauge(httpServerRequestsInFlight);
  const abortedBodies = registry.counter(httpServerAbortedBodies);
  const measured = measuredOn(registry);

  return function requestMetrics(ctx, next) {
    if (measured.has(ctx.req)) return next();
    measured.add(ctx.req);
    const start = startedAt();
    const method = methodLabel(ctx.method);
    const underWay = inFlight.with({ method });
    underWay.inc();
    const { res } = ctx;
    res.once('close', () => {
      underWay.dec();
      try {
        const status_code = res.headersSent ? res.statusCode : clientClosedRequest;
        durations.observe({ method, route: routeOf(ctx), status_code }, secondsSince(start));
        if (res.headersSent && !res.writableFinished) abortedBodies.inc();
      } catch (error) {
        // Nobody listens to a `close` handler that throws: it would end the process.
        registry.recordingFailed(httpServerRequestDuration.name, 'request', error);
      }
    });
    return next();
  };
}

/** Registry -> the requests that are recorded on it already, by whichever middleware. */
const measuredRequests = new WeakMap<object, WeakSet<IncomingMessage>>();

function measuredOn(registry: object): WeakSet<IncomingMessage> {
  const existing = measuredRequests.get(registry);
  if (existing !== undefined) return existing;
  const measured = new WeakSet<IncomingMessage>();
  measuredRequests.set(registry, measured);
  return measured;
}
