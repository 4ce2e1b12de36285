/**
 * Records requests to AI providers whose starts and ends are one object: most of it is adds to series that are bound once per
 * provider and model.
 */
import {
  aiRequestDuration,
  aiRequests,
  aiRequestsFailed,
  aiRequestsInProgress,
  aiRequestsSuccessful,
} from '../catalogue/provider.js';
import { type Count, containedCounter, containedSeries, containedTimes, isTime } from '../contained.js';
import { errorName } from '../error-labels.js';
import { secondsSince } from '../instruments/stopwatch.js';
import type { AnyRegistry } from '../registry.js';
import { type OpenRequests, type ProviderRequests, RequestWork } from './provider-requests.js';

/** The part of `ProviderMetrics` that records single requests. */
export class RequestRecorder {
  /** Counts a failure, without its duration. */
  readonly failed: Count<(typeof aiRequestsFailed)['labels']>;
  readonly #open: ProviderRequests;
  readonly #inProgress;
  readonly #requests;
  readonly #successful;
  readonly #duration;
  readonly #durations;

  constructor(registry: AnyRegistry, open: ProviderRequests) {
    this.#open = open;
    this.failed = containedCounter(registry, aiRequestsFailed);
    this.#inProgress = containedSeries(registry, aiRequestsInProgress, (definition) =>
      registry.gauge(definition),
    );
    this.#requests = containedSeries(registry, aiRequests, (definition) => registry.counter(definition));
    this.#successful = containedSeries(registry, aiRequestsSuccessful, (definition) =>
      registry.counter(definition),
    );
    this.#duration = containedTimes(registry, aiRequestDuration);
    this.#durations = containedSeries(registry, aiRequestDuration, (definition) =>
      registry.histogram(definition),
    );
  }

  /** Records the start of a request. Report its end with `complete`, `fail` or `abandon`. */
  begin(provider: string, model: string, operation: string, key?: unknown): RequestWork {
    const open = this.#open.of(provider, model);
    let { inProgress } = open;
    if (inProgress === undefined) {
      inProgress = this.#inProgress({ provider });
      if (!open.isShared) open.inProgress = inProgress;
    }
    inProgress?.inc();
    this.#requestsOf(open, provider, model, operation)?.inc();
    return new RequestWork(key, provider, model, inProgress, open);
  }

  /** Records the success of a request. */
  complete(work: RequestWork): void {
    if (!work.isTimed) this.time(work, secondsSince(work.startedAt));
    this.succeeded(work.open, work.provider, work.model);
  }

  /** Records the failure of a request. */
  fail(work: RequestWork, error: unknown): void {
    if (!work.isTimed) this.time(work, secondsSince(work.startedAt));
    this.failed({ provider: work.provider, model: work.model, error_type: errorName(error) });
  }

  /** Records that a request has neither success nor failure. */
  abandon(work: RequestWork): void {
    if (work.isTimed) return;
    work.isTimed = true;
    work.inProgress?.dec();
  }

  /** Observes the duration of a request, which is then no longer in progress. */
  time(work: RequestWork, seconds: number): void {
    work.isTimed = true;
    work.inProgress?.dec();
    const { open, provider, model } = work;
    if (!open.isShared && isTime(seconds)) {
      open.duration ??= this.#durations({ provider, model });
      open.duration?.observe(seconds);
    } else this.#duration({ provider, model }, seconds);
  }

  /** Counts a success, without its duration. */
  succeeded(open: OpenRequests, provider: string, model: string): void {
    if (open.isShared) this.#successful({ provider, model })?.inc();
    else {
      open.successful ??= this.#successful({ provider, model });
      open.successful?.inc();
    }
  }

  /** The series of the latest operation is kept: most requests are like the one before. */
  #requestsOf(open: OpenRequests, provider: string, model: string, operation: string) {
    if (open.requests !== undefined && open.operation === operation) return open.requests;
    const series = this.#requests({ provider, model, operation });
    if (open.isShared) return series;
    open.requests = series;
    open.operation = operation;
    return series;
  }
}
