/**
 * Measures outgoing requests: Node's `fetch`, and every SDK that uses it, publish each request on the diagnostics channels of
 * `undici` (nodejs.org/api/diagnostics_channel.html, undici's DiagnosticsChannel.md). No code is patched and no global is
 * replaced. Method, host and status become labels; paths, queries and header values never do.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { apiRequestDuration, apiRequests } from '../catalogue/api.js';
import { containedCounter, containedTimes, recordingFailed } from '../contained.js';
import { networkErrorCode } from '../error-labels.js';
import { methodLabel } from '../http-method.js';
import { secondsSince, startedAt } from '../instruments/stopwatch.js';
import { checkFactoryOptions } from '../option-checks.js';
import { processWide } from '../process-wide.js';
import { perRegistry } from '../recorders/per-registry.js';
import { PlatformMetrics } from '../recorders/platform.js';
import { ProviderMetrics } from '../recorders/provider.js';
import type { AnyRegistry } from '../registry.js';
import { sharedRegistry } from '../registry.js';
import { type HostTable, type HostTarget, otherTarget, targetFinder } from './hosts.js';
import {
  isRateLimited,
  noHeader,
  platformRateLimit,
  providerRateLimit,
  rateLimitHeaders,
} from './rate-limit-headers.js';
import { noteInScopes, observeWire, type RequestScope, scopeIn } from './request-scope.js';

/** Options of {@link instrumentFetch}. */
export interface InstrumentFetchOptions {
  /** Where to record. Default: `sharedRegistry`. */
  readonly registry?: AnyRegistry;
  /** Targets by host, in addition to `knownHosts` (`api.github.com`, `api.anthropic.com`, ...) and with precedence. Default: none. */
  readonly hosts?: HostTable;
}

/** The recording that {@link instrumentFetch} started. */
export interface FetchInstrumentation {
  /** Stops recording, also of requests in progress. Idempotent. */
  stop(): void;
}

/**
 * Records every outbound request of `fetch` and of SDKs that use it: `api_requests_total` and
 * `api_request_duration_seconds` (to the end of the body), by the service of the host; rate limits of platforms and providers
 * from response headers, and their 429s; retries that an SDK reports (`x-stainless-retry-count`, sent by the SDKs of Anthropic
 * and OpenAI).
 *
 * `status_code` is the HTTP status, or without one, or if the body fails, the code of a network error (`ECONNREFUSED`),
 * `timeout` or `aborted`. A request whose body is not read to its end keeps its status. Each hop of a redirect is a request. A
 * response whose body is never read is recorded when it is garbage-collected.
 *
 * Inside a method decorated with `@ProviderRequest` or `@PlatformRequest` of the same registry, requests take the names of the
 * decorator and are recorded once. A second call with the same registry adds its hosts.
 * @throws ERR_METRICS_INVALID_OPTION for unknown options, an invalid registry, or hosts that can never match
 * @example
 * const outbound = instrumentFetch({ hosts: { 'git.acme.com': { service: 'gitlab', platform: 'gitlab' } } });
 * outbound.stop();
 * @see https://undici.nodejs.org/#/docs/api/DiagnosticsChannel
 */
export function instrumentFetch(options: InstrumentFetchOptions = {}): FetchInstrumentation {
  checkFactoryOptions('instrumentFetch', options, { registry: true, hosts: true });
  const { registry = sharedRegistry, hosts } = options;
  const find = targetFinder(hosts);
  const wire = wireByRegistry.get(registry) ?? startWire(registry);
  wire.finders.add(find);
  const unobserve = observeWire(registry);
  let stopped = false;
  return {
    stop() {
      if (stopped) return;
      stopped = true;
      unobserve();
      wire.finders.delete(find);
      if (wire.finders.size > 0) return;
      wire.stop();
      wireByRegistry.delete(registry);
    },
  };
}

/** Maximum number of providers whose last failure is kept. */
const maxProviders = 1_000;

type TargetFinder = (origin: string) => HostTarget;

interface Wire {
  readonly finders: Set<TargetFinder>;
  readonly stop: () => void;
}

const wireByRegistry = processWide('wires', () => new Map<AnyRegistry, Wire>());

/** A request in the messages of undici: the same object in each message of the request. */
interface UndiciRequest {
  readonly origin?: unknown;
  readonly method?: unknown;
  /** Alternating names and values; one string in undici 5. */
  readonly headers?: unknown;
  /** What is kept on it between its messages. */
  [kept: symbol]: SentRequest | undefined;
}

/** The state of a request between its messages. */
interface SentRequest {
  /** The instrumentation that saw its start: after a restart, another one sees its end. */
  readonly finders: ReadonlySet<TargetFinder>;
  readonly startedAt: number;
  readonly target: HostTarget;
  readonly method: string;
  readonly scope: RequestScope | undefined;
  status: number | undefined;
  isEnded: boolean;
}

/**
 * The property of a request that holds its state. A WeakMap would be cleaned at each garbage collection, which takes longer than all
 * else here. A new symbol at each start would give the requests of undici another hidden class, and make its code slower.
 */
const sentIn = perRegistry('sent requests', () => Symbol('tamma:sent'));

function startWire(registry: AnyRegistry): Wire {
  const finders = new Set<TargetFinder>();
  const countRequest = containedCounter(registry, apiRequests);
  const observeDuration = containedTimes(registry, apiRequestDuration);
  const providers = new ProviderMetrics({ registry });
  const platforms = new PlatformMetrics({ registry });
  const sent = sentIn(registry);
  /** Of the requests that cannot take a property. */
  const sealed = new WeakMap<object, SentRequest>();
  const stateOf = (request: UndiciRequest): SentRequest | undefined => {
    const state = request[sent] ?? sealed.get(request);
    return state?.finders === finders ? state : undefined;
  };
  /** Why the last request to a provider failed: the reason of the next retry. */
  const failures = new Map<string, string>();
  const noteFailure = (provider: string, reason: string): void => {
    if (failures.has(provider) || failures.size < maxProviders) failures.set(provider, reason);
  };

  const targetOf = (origin: string): HostTarget => {
    for (const find of finders) {
      const target = find(origin);
      if (target !== otherTarget) return target;
    }
    return otherTarget;
  };

  const ended = (request: UndiciRequest, outcome: number | string): void => {
    const one = stateOf(request);
    if (one === undefined || one.isEnded) return;
    one.isEnded = true;
    const { service, platform = '' } = one.target;
    countRequest({ service, platform, method: one.method, status_code: outcome });
    observeDuration({ service, platform, method: one.method }, secondsSince(one.startedAt));
  };

  const onCreate = ({ request }: { request: UndiciRequest }): void => {
    const { target, scope } = attributed(targetOf(String(request.origin)), scopeIn(registry));
    const state: SentRequest = {
      finders,
      startedAt: startedAt(),
      target,
      method: methodLabel(String(request.method)),
      scope,
      status: undefined,
      isEnded: false,
    };
    if (Object.isExtensible(request)) request[sent] = state;
    else sealed.set(request, state);
    noteInScopes(scope, 'requests');
    const { provider } = target;
    if (provider === undefined || !isRetry(request.headers)) return;
    noteInScopes(scope, 'retries');
    providers.recordRetry(provider, scope?.model ?? '', failures.get(provider) ?? 'unknown');
  };

  const onHeaders = (message: {
    request: UndiciRequest;
    response: { statusCode: number; headers: readonly unknown[] };
  }): void => {
    const one = stateOf(message.request);
    if (one === undefined || one.isEnded) return;
    const { statusCode: status, headers } = message.response;
    one.status = status;
    const { provider, platform } = one.target;
    if (provider === undefined && platform === undefined) return;
    const header = rateLimitHeaders(headers);
    const limited = isRateLimited(status, header);
    if (limited) noteInScopes(one.scope, 'rateLimits');
    if (provider !== undefined) {
      const reason = failureOf(status);
      if (reason !== undefined) noteFailure(provider, reason);
    }
    if (header === noHeader && !limited) return;
    if (provider !== undefined) {
      if (limited) providers.recordRateLimit(provider);
      for (const reading of providerRateLimit(header, Date.now(), limited))
        providers.setRateLimit(provider, { ...reading, model: one.scope?.model });
    }
    if (platform !== undefined) {
      if (limited) platforms.recordRateLimit(platform);
      const reading = platformRateLimit(header, Date.now());
      if (reading !== undefined) platforms.setRateLimit(platform, reading);
    }
  };

  const onTrailers = ({ request }: { request: UndiciRequest }): void => {
    ended(request, stateOf(request)?.status ?? 'unknown');
  };

  const onError = ({ request, error }: { request: UndiciRequest; error: unknown }): void => {
    const one = stateOf(request);
    if (one === undefined || one.isEnded) return;
    const code = networkErrorCode(error);
    if (one.status === undefined && one.target.provider !== undefined)
      noteFailure(one.target.provider, code === 'timeout' ? 'timeout' : 'network');
    // The status is known and the reader stopped: the request did not fail.
    ended(request, one.status !== undefined && code === 'aborted' ? one.status : code);
  };

  const listeners = [
    ['undici:request:create', onCreate],
    ['undici:request:headers', onHeaders],
    ['undici:request:trailers', onTrailers],
    ['undici:request:error', onError],
  ] as const;
  const contained = listeners.map(([channel, listener]) => {
    const listen = (message: unknown): void => {
      try {
        listener(message as never);
      } catch (error) {
        // A message of an unknown shape. Node would rethrow the error as uncaught.
        recordingFailed(registry, apiRequests.name, error);
      }
    };
    subscribe(channel, listen);
    return { channel, listen };
  });
  const wire = {
    finders,
    stop: () => {
      for (const { channel, listen } of contained) unsubscribe(channel, listen);
    },
  };
  wireByRegistry.set(registry, wire);
  return wire;
}

/**
 * The target with the names of the surrounding decorated call, if the request belongs to it: its host is of the same type or
 * unknown. Other requests keep their target.
 */
function attributed(
  target: HostTarget,
  scope: RequestScope | undefined,
): Pick<SentRequest, 'target' | 'scope'> {
  if (scope === undefined) return { target, scope };
  const isOther = target === otherTarget;
  const platform = isOther || target.platform !== undefined ? scope.platform : undefined;
  const provider = isOther || target.provider !== undefined ? scope.provider : undefined;
  if (platform === undefined && provider === undefined) return { target, scope: undefined };
  const service = scope.service ?? (isOther ? (platform ?? provider) : undefined) ?? target.service;
  return {
    target: {
      service,
      ...(platform === undefined ? {} : { platform }),
      ...(provider === undefined ? {} : { provider }),
    },
    scope,
  };
}

/** The reason of a retry, by the status. */
function failureOf(status: number): string | undefined {
  if (status === 429) return 'rate_limit';
  if (status === 529 || status === 503) return 'overload';
  if (status === 408) return 'timeout';
  if (status === 409) return 'conflict';
  return status >= 500 ? 'server_error' : undefined;
}

/** Whether a request is a retry, by the header of the SDKs of Anthropic and OpenAI. */
function isRetry(headers: unknown): boolean {
  if (typeof headers === 'string') return /^x-stainless-retry-count: *[1-9]/im.test(headers);
  if (!Array.isArray(headers)) return false;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (String(headers[index]).toLowerCase() === 'x-stainless-retry-count')
      return /^[1-9]/.test(String(headers[index + 1]));
  }
  return false;
}
