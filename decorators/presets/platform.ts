/** `@PlatformRequest`: records a request to a git platform as `PlatformMetrics` does. */
import { apiRequestDuration, apiRequests } from '../../lib/catalogue/api.js';
import {
  platformRateLimitLimit,
  platformRateLimitRemaining,
  platformRateLimitReset,
  platformRateLimits,
} from '../../lib/catalogue/platform.js';
import { issuesCreated, prLifetime, prsCreated, prsMerged } from '../../lib/catalogue/workflow.js';
import { errorName, networkErrorCode } from '../../lib/error-labels.js';
import { secondsSince, startedAt } from '../../lib/instruments/stopwatch.js';
import { invalidOption, type OptionNames } from '../../lib/option-names.js';
import { platformRateLimit } from '../../lib/outbound/rate-limit-headers.js';
import {
  headersOf,
  isRateLimitError,
  type RateLimitReport,
  statusOf,
} from '../../lib/outbound/rate-limit-result.js';
import type { TimeInput } from '../../lib/outbound/rate-limits.js';
import { inRequestScope, type RequestScope, requestScope } from '../../lib/outbound/request-scope.js';
import { PlatformMetrics } from '../../lib/recorders/platform.js';
import { propertiesOf } from '../../lib/unknown-values.js';
import type { Call } from '../call.js';
import type { ExemplarOption } from '../exemplar-option.js';
import { checkParentheses, type DualModeMethodDecorator } from '../method-decorator.js';
import { type CallOf, checkFunctionOption, type DecoratorOptions } from '../metric-decorator.js';
import type { CallObserver } from '../observed-call.js';
import {
  absent,
  type Preset,
  type PresetLabels,
  type PresetOption,
  type PresetOptions,
  presetDecorator,
} from './preset.js';

/** The effect of a successful request on the platform. */
export type PlatformEffect = 'issue_created' | 'pr_created' | 'pr_merged';

/** The options of `@PlatformRequest`. */
export interface PlatformRequestOptions<C extends Call>
  extends DecoratorOptions<C['instance']>,
    ExemplarOption<C> {
  /**
   * Label sources: `method` is read at the end of a request, the others at its start. Default: the labels of
   * `@Instrumented`; without those, `platform` is the name of the class, `service` is the platform, and `method` and
   * `repository` are empty.
   */
  labels?: PresetLabels<'service' | 'platform' | 'method' | 'repository', C>;
  /**
   * Status code of the response, or the code of a network error. Default: `status` of the result or of the error (as octokit
   * has it), else the code of a network error, else the class of the error; `unknown` for a result without a status.
   */
  status?: (call: C) => number | string | undefined;
  /** The rate limit that the call reports. Default: read from the headers of the result or of the error. */
  rateLimit?: (call: C) => RateLimitReport | undefined;
  /**
   * The effect of a successful request, which is counted per repository in `issues_created_total`, `prs_created_total` or
   * `prs_merged_total`. Default: none.
   */
  effect?: PlatformEffect;
  /** When a merged pull request was opened and merged, for `pr_lifetime_hours`. Default for `mergedAt`: now. */
  lifetime?: (
    call: C,
  ) => { readonly createdAt?: TimeInput | null; readonly mergedAt?: TimeInput | null } | undefined;
}

/**
 * Records each call of the method as a request to a git platform: `api_requests_total` by status and
 * `api_request_duration_seconds`; `platform_rate_limits_total`, `platform_rate_limit_reset_seconds`,
 * `platform_rate_limit_remaining` and `platform_rate_limit_limit`; and the effect of the request. If `instrumentFetch` is
 * active in the same registry, the HTTP requests within the call are recorded there, and not a second time here.
 * @throws at class definition ERR_METRICS_INVALID_DECORATION on anything but a method, ERR_METRICS_INVALID_OPTION,
 *   ERR_METRICS_DEFINITION_CONFLICT
 * @example
 * \@PlatformRequest({ labels: { platform: 'github', method: 'POST', repository: ({ args: [repository] }) => repository }, effect: 'pr_created' })
 * async openPullRequest(repository: string, branch: string): Promise<PullRequest> { ... }
 * @see https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
 */
export function PlatformRequest<This, Args extends unknown[], Result>(
  ...args: [options?: PlatformRequestOptions<CallOf<This, Args, Result>>]
): DualModeMethodDecorator<This, Args, Result> {
  checkParentheses('PlatformRequest', args);
  const [options = {}] = args;
  const given = (options ?? {}) as PlatformRequestOptions<Call>;
  checkEffect(given.effect);
  for (const name of ['status', 'rateLimit', 'lifetime'] as const)
    checkFunctionOption('PlatformRequest', name, given[name]);
  return presetDecorator(
    {
      decorator: 'PlatformRequest',
      definitions: [
        apiRequests,
        apiRequestDuration,
        platformRateLimits,
        platformRateLimitReset,
        platformRateLimitRemaining,
        platformRateLimitLimit,
        ...(given.effect === undefined ? [] : effectMetrics[given.effect]),
      ],
      labels: {
        platform: (call, site) => site.className(call),
        service: absent,
        method: absent,
        repository: absent,
      },
      ownOptions,
      recorderIn: (registry) => new PlatformMetrics({ registry }),
      observer: (preset) => requesting(preset, given),
    },
    options as PresetOptions<never>,
  );
}

const ownOptions = {
  status: true,
  rateLimit: true,
  effect: true,
  lifetime: true,
} satisfies OptionNames<Omit<PlatformRequestOptions<Call>, PresetOption>>;

const effectMetrics = {
  issue_created: [issuesCreated],
  pr_created: [prsCreated],
  pr_merged: [prsMerged, prLifetime],
} as const;

/** The state of a request between its start and its end. */
interface StartedRequest {
  readonly recorder: PlatformMetrics;
  readonly platform: string;
  readonly service: string;
  readonly startedAt: number;
  /** Set if outgoing HTTP requests are recorded too. */
  readonly scope: RequestScope | undefined;
}

function requesting(
  { recorderOf, label, read }: Preset<PlatformMetrics>,
  { status, rateLimit, effect, lifetime }: PlatformRequestOptions<Call>,
): CallObserver<StartedRequest | undefined> {
  return {
    start: (call) => {
      const bound = recorderOf(call);
      if (bound === undefined) return undefined;
      const platform = label('platform', call);
      const service = label('service', call) || platform;
      const scope = requestScope(bound.registry, { service, platform });
      return { recorder: bound.recorder, platform, service, startedAt: startedAt(), scope };
    },
    around: (_call, request, run) => inRequestScope(request?.scope, run),
    end: (call, request) => {
      if (request === undefined || call.abandoned) return;
      const { recorder, platform, service, scope } = request;
      // HTTP requests within the call have been recorded by `instrumentFetch`.
      if (scope === undefined || scope.requests === 0) {
        const code = read(status, call) ?? statusCodeOf(call);
        const seconds = secondsSince(request.startedAt);
        recorder.recordServiceRequest(service, platform, label('method', call), code, seconds);
        const report = rateLimit === undefined ? rateLimitOf(call) : read(rateLimit, call);
        if (report !== undefined) recordRateLimit(recorder, platform, report);
      }
      if (effect === undefined || call.outcome !== 'success') return;
      const repository = label('repository', call);
      if (effect === 'issue_created') recorder.recordIssueCreated(platform, repository);
      else if (effect === 'pr_created') recorder.recordPRCreated(platform, repository);
      else {
        const { createdAt, mergedAt = new Date() } = read(lifetime, call) ?? {};
        recorder.recordPRMerged(platform, repository, createdAt, mergedAt);
      }
    },
  };
}

function statusCodeOf({ outcome, result, error }: Call): number | string {
  const code = statusOf(outcome === 'success' ? result : error);
  if (code !== undefined) return code;
  if (outcome === 'success') return 'unknown';
  // The errors of fetch have the network error as their cause.
  const network = networkErrorCode(propertiesOf(error).cause ?? error);
  return network === 'network_error' ? errorName(error) : network;
}

function rateLimitOf({ outcome, result, error }: Call): RateLimitReport {
  const response = outcome === 'success' ? result : error;
  const reading = platformRateLimit(headersOf(response), Date.now());
  return { limited: isRateLimitError(error), ...reading };
}

function recordRateLimit(recorder: PlatformMetrics, platform: string, report: RateLimitReport): void {
  const { limited = false, ...state } = report;
  if (limited) recorder.recordRateLimit(platform);
  recorder.setRateLimit(platform, state);
}

function checkEffect(effect: unknown): void {
  if (effect === undefined || Object.hasOwn(effectMetrics, effect as string)) return;
  const effects = Object.keys(effectMetrics).join(', ');
  throw invalidOption('@PlatformRequest', 'effect', `one of ${effects}`, effect);
}
