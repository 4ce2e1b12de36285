/**
 * What the headers of a response tell of rate limits: GitHub's, GitLab's, Anthropic's and OpenAI's, and Retry-After. Values
 * of headers become numbers only; the names of resources come from the lists here.
 */
import { otherValue } from '../label.js';

/** Reads a header by its name in lower case. */
export type HeaderReader = (name: string) => string | undefined;

export interface RateLimitReading {
  /** What is left, by resource. */
  readonly remaining: readonly { readonly resource: string; readonly remaining: number }[];
  /** Milliseconds since 1970 at which all is to be had again; `undefined` where no header says. */
  readonly resetsAt: number | undefined;
}

/** Anthropic's (`anthropic-ratelimit-tokens-remaining`) and OpenAI's (`x-ratelimit-remaining-tokens`) resources. */
const providerResources = ['requests', 'tokens', 'input-tokens', 'output-tokens'] as const;

/** GitHub's, as its REST API documents them; others are `other`. */
const platformResources = new Set([
  'core',
  'search',
  'code_search',
  'graphql',
  'integration_manifest',
  'source_import',
  'dependency_snapshots',
  'dependency_sbom',
  'code_scanning_upload',
  'code_scanning_autofix',
  'actions_runner_registration',
  'scim',
  'audit_log',
  'audit_log_streaming',
]);

/** What of a response of an AI provider tells of its limits. */
export function providerRateLimit(header: HeaderReader, now: number): RateLimitReading {
  const remaining = [];
  const resets: number[] = [];
  for (const resource of providerResources) {
    const left = numberOf(
      header(`anthropic-ratelimit-${resource}-remaining`) ?? header(`x-ratelimit-remaining-${resource}`),
    );
    if (left !== undefined) remaining.push({ resource: resource.replace('-', '_'), remaining: left });
    const reset =
      dateOf(header(`anthropic-ratelimit-${resource}-reset`)) ??
      afterDuration(header(`x-ratelimit-reset-${resource}`), now);
    if (reset !== undefined) resets.push(reset);
  }
  return { remaining, resetsAt: retryAfter(header, now) ?? latest(resets) };
}

/** What of a response of a git platform tells of its limits. */
export function platformRateLimit(header: HeaderReader, now: number): RateLimitReading {
  // GitHub has x-ratelimit-*, GitLab ratelimit-*.
  const left = numberOf(header('x-ratelimit-remaining') ?? header('ratelimit-remaining'));
  const reset = epochOrDelay(header('x-ratelimit-reset') ?? header('ratelimit-reset'), now);
  const named = header('x-ratelimit-resource');
  const resource = named === undefined ? 'requests' : platformResources.has(named) ? named : otherValue;
  return {
    remaining: left === undefined ? [] : [{ resource, remaining: left }],
    resetsAt: retryAfter(header, now) ?? reset,
  };
}

/** Whether a response says that the rate was limited: 429, or GitHub's 403 for it. */
export function isRateLimited(status: number, header: HeaderReader): boolean {
  if (status !== 403) return status === 429;
  return (
    header('retry-after') !== undefined ||
    (header('x-ratelimit-remaining') ?? header('ratelimit-remaining')) === '0'
  );
}

function retryAfter(header: HeaderReader, now: number): number | undefined {
  const milliseconds = numberOf(header('retry-after-ms'));
  if (milliseconds !== undefined) return now + milliseconds;
  const text = header('retry-after');
  const seconds = numberOf(text);
  return seconds === undefined ? dateOf(text) : now + seconds * 1_000;
}

/** Seconds since 1970 (GitHub, GitLab), or seconds from now (the IETF draft). */
function epochOrDelay(text: string | undefined, now: number): number | undefined {
  const seconds = numberOf(text);
  if (seconds === undefined) return undefined;
  return seconds > 1_000_000_000 ? seconds * 1_000 : now + seconds * 1_000;
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** OpenAI's durations: `20ms`, `1s`, `6m0s`. */
function afterDuration(text: string | undefined, now: number): number | undefined {
  if (text === undefined || text.length > 40 || !/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(text))
    return undefined;
  let milliseconds = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g))
    milliseconds += Number(amount) * (units[unit ?? ''] ?? 0);
  return now + milliseconds;
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*\d{1,15}(?:\.\d{1,9})?\s*$/.test(text) ? Number(text) : undefined;
}

function dateOf(text: string | undefined): number | undefined {
  const moment = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(moment) ? undefined : moment;
}

function latest(moments: readonly number[]): number | undefined {
  return moments.length === 0 ? undefined : Math.max(...moments);
}
