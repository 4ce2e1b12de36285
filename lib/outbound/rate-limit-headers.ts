/**
 * Reads rate limits from response headers: those of GitHub, GitLab, Anthropic and OpenAI, and Retry-After. Header values become
 * numbers only; resource names come from the lists in this file.
 */
import { otherValue } from '../label.js';
import { defaultResource, type RateLimitState } from './rate-limits.js';

/** Reads a header by its lower-case name. */
export type HeaderReader = (name: string) => string | undefined;

/** The rate limit of one resource in a response. */
export interface RateLimitReading extends RateLimitState {
  readonly resource: string;
  /** Milliseconds since 1970. */
  readonly resetTime?: number;
}

/** Reads no header. */
export const noHeader: HeaderReader = () => undefined;

/**
 * The headers about rate limits in a response, by name; {@link noHeader} if it has none.
 * @param headers alternating names and values, as bytes
 */
export function rateLimitHeaders(headers: readonly unknown[]): HeaderReader {
  let byName: Map<string, string> | undefined;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const bytes = headers[index];
    if (bytes instanceof Uint8Array && !startsAsRateLimit(bytes)) continue;
    const name = String(bytes).toLowerCase();
    if (!name.includes('ratelimit') && !name.startsWith('retry-after')) continue;
    byName ??= new Map();
    byName.set(name, String(headers[index + 1]));
  }
  return byName === undefined ? noHeader : (name) => byName.get(name);
}

/** First letter of a name -> its fourth one, by which most other headers need not be decoded. */
const fourthLetters: ReadonlyMap<number, string> = new Map([
  [codeOf('r'), 'er'], // ratelimit-*, retry-after
  [codeOf('x'), 'a'], // x-ratelimit-*
  [codeOf('a'), 'h'], // anthropic-ratelimit-*
]);

function codeOf(letter: string): number {
  return letter.charCodeAt(0);
}

function startsAsRateLimit(name: Uint8Array): boolean {
  // This bit makes a letter lower case.
  const fourth = fourthLetters.get((name[0] ?? 0) | 0x20);
  return fourth?.includes(String.fromCharCode((name[3] ?? 0) | 0x20)) === true;
}

/** GitHub has x-ratelimit-*, GitLab ratelimit-*. */
const platformHeaders = {
  remaining: ['x-ratelimit-remaining', 'ratelimit-remaining'],
  limit: ['x-ratelimit-limit', 'ratelimit-limit'],
  reset: ['x-ratelimit-reset', 'ratelimit-reset'],
} as const;

/** The headers of Anthropic (`anthropic-ratelimit-tokens-remaining`) and OpenAI (`x-ratelimit-remaining-tokens`), by resource. */
const providerHeaders = ['requests', 'tokens', 'input-tokens', 'output-tokens'].map((name) => {
  const both = (what: string) =>
    [`anthropic-ratelimit-${name}-${what}`, `x-ratelimit-${what}-${name}`] as const;
  return {
    resource: name.replace('-', '_'),
    remaining: both('remaining'),
    limit: both('limit'),
    reset: both('reset'),
  };
});

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

/**
 * The rate limits in a response of an AI provider.
 * @param limited whether the response is a 429: Retry-After then applies to the exhausted resource, or to requests
 */
export function providerRateLimit(header: HeaderReader, now: number, limited: boolean): RateLimitReading[] {
  const readings = providerHeaders.map(({ resource, remaining, limit, reset }) =>
    reading(
      resource,
      numberOf(either(header, remaining)),
      numberOf(either(header, limit)),
      dateOf(header(reset[0])) ?? afterDuration(header(reset[1]), now),
    ),
  );
  const retry = limited ? retryAfter(header, now) : undefined;
  if (retry === undefined) return readings.filter(hasValues);
  const isUsedUp = ({ remaining }: RateLimitReading): boolean => remaining === 0;
  const [waiting] = [...readings.filter(isUsedUp), ...readings];
  return readings
    .map((each) => (each === waiting || isUsedUp(each) ? { ...each, resetTime: retry } : each))
    .filter(hasValues);
}

/** The rate limit in a response of a git platform: one resource, or none. */
export function platformRateLimit(header: HeaderReader, now: number): RateLimitReading[] {
  const { remaining, limit, reset } = platformHeaders;
  const named = header('x-ratelimit-resource');
  const resource = named === undefined ? defaultResource : platformResources.has(named) ? named : otherValue;
  return [
    reading(
      resource,
      numberOf(either(header, remaining)),
      numberOf(either(header, limit)),
      retryAfter(header, now) ?? epochOrDelay(either(header, reset), now),
    ),
  ].filter(hasValues);
}

/** A header that has two names. */
function either(header: HeaderReader, [first, second]: readonly [string, string]): string | undefined {
  return header(first) ?? header(second);
}

/** A reading without undefined properties. */
function reading(
  resource: string,
  remaining: number | undefined,
  limit: number | undefined,
  resetTime: number | undefined,
): RateLimitReading {
  return {
    resource,
    ...(remaining === undefined ? {} : { remaining }),
    ...(limit === undefined ? {} : { limit }),
    ...(resetTime === undefined ? {} : { resetTime }),
  };
}

function hasValues(reading: RateLimitReading): boolean {
  return Object.keys(reading).length > 1;
}

/** Whether a response reports an exceeded limit: 429, or 403 of GitHub with rate-limit headers. */
export function isRateLimited(status: number, header: HeaderReader): boolean {
  if (status !== 403) return status === 429;
  return header('retry-after') !== undefined || either(header, platformHeaders.remaining) === '0';
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
