/**
 * The requests to AI providers in progress, by provider and model, so that each is timed and taken off
 * `ai_requests_in_progress` exactly once, whichever of its stop function and its end is told first. An end names its
 * request by the object that it was started with, or else by provider and model alone.
 */

import type { AnyRegistry } from '../contained.js';
import type { CounterSeries } from '../instruments/counter.js';
import type { GaugeSeries } from '../instruments/gauge.js';
import type { HistogramSeries } from '../instruments/histogram.js';
import { secondsSince, startedAt } from '../instruments/stopwatch.js';
import { processWide } from '../process-wide.js';

/** One request. */
export class RequestWork {
  readonly startedAt = startedAt();
  /** Its time has been taken, and it is no longer in progress. */
  timed = false;
  /** How it ended has been told. */
  decided = false;
  /** When it was stopped without having been decided. */
  stoppedAt = 0;

  constructor(
    readonly request: unknown,
    /** Where it counts as in progress. */
    readonly inProgress: GaugeSeries | undefined,
    readonly open: OpenRequests,
  ) {}
}

/** Most requests that are kept of one name; the oldest are forgotten. More than this at a time is a leak of the caller's. */
const maxRunning = 10_000;
/** Stopped requests that wait to be told how they ended, and how long in seconds. */
const maxStopped = 100;
const maxWait = 60;
/** Decided requests that are remembered, so that a second end is known as one. */
const maxDecided = 256;
/** Pairs of provider and model that are told apart. */
const maxNames = 1_000;

/** The requests of one provider and model, in the order of their starts. */
export class OpenRequests {
  /** Series that all requests of the name share, once one of them needed it. */
  duration: HistogramSeries | undefined;
  successful: CounterSeries | undefined;

  readonly #running = new Map<unknown, RequestWork | RequestWork[]>();
  readonly #stopped: (RequestWork | undefined)[] = [];
  #nextStopped = 0;
  readonly #decided: unknown[] = [];
  #nextDecided = 0;

  /** @param isShared whether names beyond those that are told apart are kept here: then no series is shared */
  constructor(readonly isShared: boolean) {}

  start(work: RequestWork): void {
    const same = this.#running.get(work.request);
    if (same === undefined) this.#running.set(work.request, work);
    else if (Array.isArray(same)) same.push(work);
    else this.#running.set(work.request, [same, work]);
    if (this.#running.size > maxRunning) {
      const [oldest] = this.#running.keys();
      this.#running.delete(oldest);
    }
  }

  /** Notes that a request was timed before it was told how it ended. */
  stop(work: RequestWork): void {
    this.#remove(work);
    work.stoppedAt = startedAt();
    this.#stopped[this.#nextStopped] = work;
    this.#nextStopped = (this.#nextStopped + 1) % maxStopped;
  }

  /** Decides a request: its work, `ended` where it has been decided before, `undefined` where its start was not seen. */
  end(request: unknown): RequestWork | 'ended' | undefined {
    const work = this.#started(request);
    if (work === undefined || work === 'ended') return work;
    work.decided = true;
    if (!work.timed) this.#remove(work);
    this.#decided[this.#nextDecided] = work.request;
    this.#nextDecided = (this.#nextDecided + 1) % maxDecided;
    return work;
  }

  #started(request: unknown): RequestWork | 'ended' | undefined {
    const running = firstOf(this.#running.get(request));
    if (running !== undefined) return running;
    const isWaiting = (work: RequestWork | undefined): boolean => work !== undefined && !work.decided;
    const stopped = this.#stopped.find((work) => isWaiting(work) && work?.request === request);
    if (stopped !== undefined) return stopped;
    if (this.#decided.includes(request)) return 'ended';
    // An object that was never started with: whoever has run the longest is meant, or was stopped lately.
    const [oldest] = this.#running.values();
    return (
      firstOf(oldest) ??
      this.#stopped.find((work) => isWaiting(work) && secondsSince(work?.stoppedAt ?? 0) < maxWait)
    );
  }

  #remove(work: RequestWork): void {
    const same = this.#running.get(work.request);
    if (Array.isArray(same) && same.length > 1) same.splice(same.indexOf(work) >>> 0, 1);
    else this.#running.delete(work.request);
  }
}

/** The requests of a registry. */
export class ProviderRequests {
  readonly #byName = new Map<string, Map<string, OpenRequests>>();
  readonly #beyond = new OpenRequests(true);
  #names = 0;

  of(provider: string, model: string): OpenRequests {
    const models = this.#byName.get(provider);
    const existing = models?.get(model);
    if (existing !== undefined) return existing;
    if (this.#names >= maxNames) return this.#beyond;
    this.#names += 1;
    const made = new OpenRequests(false);
    if (models === undefined) this.#byName.set(provider, new Map([[model, made]]));
    else models.set(model, made);
    return made;
  }
}

const requestsByRegistry = processWide(
  'provider requests',
  () => new WeakMap<AnyRegistry, ProviderRequests>(),
);

/** The requests of a registry: recorders that share it share them. */
export function providerRequestsOf(registry: AnyRegistry): ProviderRequests {
  const existing = requestsByRegistry.get(registry);
  if (existing !== undefined) return existing;
  const requests = new ProviderRequests();
  requestsByRegistry.set(registry, requests);
  return requests;
}

function firstOf(works: RequestWork | readonly RequestWork[] | undefined): RequestWork | undefined {
  return Array.isArray(works) ? works[0] : (works as RequestWork | undefined);
}
