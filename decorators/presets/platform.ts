/** `@PlatformRequest`: everything that `PlatformMetrics` records of a request to a git platform. */
import { apiRequestDuration, apiRequests } from '../../lib/catalogue/api.js';
import {
  platformRateLimitLimit,
  platformRateLimitRemaining,
  platformRateLimitReset,
  platformRateLimits,
} from '../../lib/catalogue/platform.js';
import { issuesCreated, prLifetime, prsCreated, prsMerged } from '../../lib/catalogue/workflow.js';
import { errorName, networkErrorCode } from '../../lib/error-labels.js';
import { metricsError, shown } from '../../lib/errors.js';
import { secondsSince, startedAt } from '../../lib/instruments/stopwatch.js';
import { platformRateLimit } from '../../lib/outbound/rate-limit-headers.js';
import {
  headersOf,
  isRateLimitError,
  type RateLimitReport,
  statusOf,
} from '../../lib/outbound/rate-limit-result.js';
import type { Moment } from '../../lib/outbound/rate-limits.js';
import type { RequestScope } from '../../lib/outbound/request-scope.js';
import { PlatformMetrics } from '../../lib/recorders/platform.js';
import { propertiesOf } from '../../lib/unknown-values.js';
import type { Call } from '../call.js';
import { checkParentheses, type DualModeMethodDecorator } from '../method-decorator.js';
import { type CallOf, type CommonOptions, checkFunctionOption } from '../metric-decorator.js';
import type { CallObserver } from '../observed-call.js';
import { type Preset, type PresetLabels, presetDecorator } from './preset.js';
import { inRequestScope, requestScope } from './preset-scope.js';

/** What a request brought about on the platform. */
export type PlatformEffect = 'issue_created' | 'pr_created' | 'pr_merged';

export interface PlatformRequestOptions<C extends Call> extends CommonOptions<C['instance']> {
  /**
   * Sources: `method` is read at the end of a request, the others at its start. What is left out is taken from
   * `@Instrumented({ labels })`; where that says nothing, `platform` is the name of the class, `service` is the platform, and
   * `method` and `repository` are absent.
   */
  labels?: PresetLabels<'service' | 'platform' | 'method' | 'repository', C>;
  /**
   * Status code of the response, or the code of a network error. Default: `status` of the result or of the error, as octokit
   * has them, the code of a network error, or the class of another; `unknown` where a result has none.
   */
  status?: (call: C) => number | string | undefined;
  /** What the call reports of the rate limit. Default: the headers of the result or of the error. */
  rateLimit?: (call: C) => RateLimitReport | undefined;
  /** What a request that succeeds brings about: `issues_created_total`, `prs_created_total` or `prs_merged_total`, by repository. */
  effect?: PlatformEffect;
  /** When a merged pull request was opened and merged: `pr_lifetime_hours`. Default for `mergedAt`: now. */
  lifetime?: (
    call: C,
  ) => { readonly createdAt?: Moment | null; readonly mergedAt?: Moment | null } | undefined;
}

/**
 * A call of the method is a request to a git platform: `api_requests_total` by status and `api_request_duration_seconds`;
 * `platform_rate_limits_total`, `platform_rate_limit_reset_seconds`, `platform_rate_limit_remaining` and
 * `platform_rate_limit_limit`; and what it brought
 * about. With `instrumentFetch` on in the same registry, what the wire sees of them is left to it.
 * @throws at class definition ERR_METRICS_INVALID_DECORATION on anything but a method, ERR_METRICS_INVALID_OPTION,
 *   ERR_METRICS_DEFINITION_CONFLICT
 * @example
 * \@PlatformRequest({ labels: { platform: 'github', method: 'POST', repository: ({ args: [repository] }) => repository }, effect: 'pr_created' })
 * async openPullRequest(repository: string, branch: string): Promise<PullRequest> { ... }
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
      ownOptions: ['status', 'rateLimit', 'effect', 'lifetime'],
      recorderIn: (registry) => new PlatformMetrics({ registry }),
      observer: (preset) => requesting(preset, given),
    },
    options as CommonOptions<never>,
  );
}

const effectMetrics = {
  issue_created: [issuesCreated],
  pr_created: [prsCreated],
  pr_merged: [prsMerged, prLifetime],
} as const;

interface Started {
  readonly recorder: PlatformMetrics;
  readonly platform: string;
  readonly service: string;
  readonly startedAt: number;
  /** Where the wire records too. */
  readonly scope: RequestScope | undefined;
}

function requesting(
  { recorderOf, label, read }: Preset<PlatformMetrics>,
  { status, rateLimit, effect, lifetime }: PlatformRequestOptions<Call>,
): CallObserver {
  return {
    start: (call): Started | undefined => {
      const bound = recorderOf(call);
      if (bound === undefined) return undefined;
      const platform = label('platform', call);
      const service = label('service', call) || platform;
      const scope = requestScope(bound.registry, { service, platform });
      return { recorder: bound.recorder, platform, service, startedAt: startedAt(), scope };
    },
    around: (_call, started, run) => inRequestScope((started as Started | undefined)?.scope, run),
    end: (call, started) => {
      const one = started as Started | undefined;
      if (one === undefined || call.abandoned) return;
      const { recorder, platform, service, scope } = one;
      // What went over the wire has been recorded there.
      if (scope === undefined || scope.requests === 0) {
        const code = read(status, call) ?? statusCodeOf(call);
        recorder.recordServiceRequest(
          service,
          platform,
          label('method', call),
          code,
          secondsSince(one.startedAt),
        );
        const told = rateLimit === undefined ? rateLimitOf(call) : read(rateLimit, call);
        if (told !== undefined) recordRateLimit(recorder, platform, told);
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
  // fetch hides what went wrong in the cause.
  const network = networkErrorCode(propertiesOf(error).cause ?? error);
  return network === 'network_error' ? errorName(error) : network;
}

function rateLimitOf({ outcome, result, error }: Call): RateLimitReport | undefined {
  const told = outcome === 'success' ? result : error;
  const [reading] = platformRateLimit(headersOf(told), Date.now());
  const limited = outcome !== 'success' && isRateLimitError(error);
  return limited || reading !== undefined ? { limited, ...reading } : undefined;
}

function recordRateLimit(recorder: PlatformMetrics, platform: string, told: RateLimitReport): void {
  const { limited = false, ...state } = told;
  if (limited) recorder.recordRateLimit(platform);
  recorder.setRateLimit(platform, state);
}

function checkEffect(effect: unknown): void {
  if (effect === undefined || Object.hasOwn(effectMetrics, effect as string)) return;
  throw metricsError(
    'ERR_METRICS_INVALID_OPTION',
    `Invalid \`effect\` of @PlatformRequest: expected one of ${Object.keys(effectMetrics).join(', ')}, received ${shown(effect)}.`,
  );
}

function absent(): string {
  return '';
}
