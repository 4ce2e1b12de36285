/**
 * The requests to AI providers in progress, by provider and model, so that each is timed and taken off
 * `ai_requests_in_progress` exactly once. The key of a request is the object that it was started with.
 */
import { givenObject } from '../contained.js';
import type { CounterSeries } from '../instruments/counter.js';
import type { GaugeSeries } from '../instruments/gauge.js';
import type { HistogramSeries } from '../instruments/histogram-series.js';
import type { AnyRegistry } from '../registry.js';
import { OpenWork, Work } from './open-work.js';
import { perRegistry } from './per-registry.js';

/** One request to an AI provider. Its start and its end are matched by the identity of this object. */
export interface AiRequest {
  /** Name of the provider: the label `provider`. */
  readonly provider: string;
  /** Name of the requested model: the label `model`. */
  readonly model: string;
  /** The purpose of the request: `message`, `plan`, `review`. Default: an absent label. */
  readonly operation?: string | undefined;
}

/** A request to a model; other properties are ignored. Its start and its end are matched by the identity of this object. */
export interface MessageRequest {
  /** Name of the requested model: the label `model`. */
  readonly model: string;
}

/** Pairs of provider and model to keep apart. */
const maxNames = 1_000;

/** One request. */
export class RequestWork extends Work {
  constructor(
    request: unknown,
    readonly provider: string,
    readonly model: string,
    /** Where it counts as in progress. */
    readonly inProgress: GaugeSeries | undefined,
    readonly open: OpenRequests,
  ) {
    super(request);
  }
}

/** The requests of one provider and model. */
export class OpenRequests {
  readonly works = new OpenWork<RequestWork>();
  /** Series that all requests of the name share, bound when first needed. */
  inProgress: GaugeSeries | undefined;
  duration: HistogramSeries | undefined;
  successful: CounterSeries | undefined;
  /** The requests of the latest operation: most are like the one before. */
  requests: CounterSeries | undefined;
  operation = '';

  /** @param isShared whether these are the requests of all names beyond the limit: they share no series */
  constructor(readonly isShared: boolean) {}
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

/** The requests of a registry, shared by its recorders. */
export const providerRequestsOf = perRegistry('provider requests', () => new ProviderRequests());

/** Reads both forms of a call: `(providerName, request)`, and one object with both names. */
export function requestOf(
  registry: AnyRegistry,
  [first, second]: readonly unknown[],
  metric: string,
): Record<keyof AiRequest, string> & { readonly request: AiRequest } {
  const isNamed = typeof first === 'string';
  const request = (isNamed ? second : first) as AiRequest;
  const { provider = '', model = '', operation = '' } = givenObject(registry, metric, 'request', request);
  return isNamed
    ? { request, provider: first, model, operation: operation === '' ? 'message' : operation }
    : { request, provider, model, operation };
}
