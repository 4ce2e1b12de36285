/** The requests to AI providers under way, matched by the object they were started with, or else by provider and model. */
import type { AnyRegistry } from './contained.js';
import { OpenWork, type Work } from './open-work.js';

export interface RequestWork extends Work {
  /** Takes the request off `ai_requests_in_progress`. */
  readonly release: () => void;
}

/** Pairs of provider and model that are told apart; requests of others can be ended by their own object only. */
const mostNames = 1_000;

export class ProviderRequests {
  readonly #byObject = new WeakMap<object, Set<RequestWork>>();
  readonly #byName = new Map<string, Map<string, OpenWork>>();
  readonly #names = new WeakMap<RequestWork, OpenWork>();
  #nameCount = 0;

  /** @returns the work of the same provider and model, which is to hear when the request is stopped */
  start(request: object, provider: string, model: string, work: RequestWork): OpenWork | undefined {
    if (typeof request === 'object' && request !== null) {
      const works = this.#byObject.get(request) ?? new Set();
      this.#byObject.set(request, works.add(work));
    }
    const name = this.#nameOf(provider, model);
    name?.start(work);
    if (name !== undefined) this.#names.set(work, name);
    return name;
  }

  /** Decides a request: its work, `ended` where it has been decided before, `undefined` where its start was not seen. */
  end(request: object, provider: string, model: string): RequestWork | 'ended' | undefined {
    const works = typeof request === 'object' && request !== null ? this.#byObject.get(request) : undefined;
    const work =
      works === undefined
        ? (this.#byName.get(provider)?.get(model)?.find() as RequestWork | undefined)
        : (find(works, ({ timed }) => !timed) ?? find(works, () => true));
    // The object was started with, and all its requests have been decided.
    if (work === undefined) return works === undefined ? undefined : 'ended';
    work.decided = true;
    works?.delete(work);
    this.#names.get(work)?.decided(work);
    return work;
  }

  #nameOf(provider: string, model: string): OpenWork | undefined {
    const models = this.#byName.get(provider) ?? new Map<string, OpenWork>();
    const existing = models.get(model);
    if (existing !== undefined || this.#nameCount >= mostNames) return existing;
    this.#nameCount += 1;
    this.#byName.set(provider, models.set(model, new OpenWork()));
    return models.get(model);
  }
}

const requestsByRegistry = new WeakMap<AnyRegistry, ProviderRequests>();

/** The requests of a registry: recorders that share it share them. */
export function providerRequestsOf(registry: AnyRegistry): ProviderRequests {
  const existing = requestsByRegistry.get(registry);
  if (existing !== undefined) return existing;
  const requests = new ProviderRequests();
  requestsByRegistry.set(registry, requests);
  return requests;
}

/** The first work that is wanted and has not been decided by its name. */
function find(works: Set<RequestWork>, wanted: (work: RequestWork) => boolean): RequestWork | undefined {
  for (const work of works) {
    if (work.decided) works.delete(work);
    else if (wanted(work)) return work;
  }
  return undefined;
}
