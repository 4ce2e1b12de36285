/**
 * Reads rate limits from response headers: those of GitHub, GitLab, Anthropic and OpenAI, and Retry-After. Header values become
 * numbers only; resource names come from the lists in this file.
 */
import { otherValue } from '../label.js';
import { defaultResource, type RateLimitState } from './rate-limits.js';

/** Reads a header by its lower-case name. A value is bytes where it was received as bytes. */
export type HeaderReader = (name: string) => HeaderValue | undefined;

type HeaderValue = string | Uint8Array;

/** The rate limit of one resource in a response. */
export interface RateLimitReading extends RateLimitState {
  readonly resource: string;
  /** Milliseconds since 1970. */
  readonly resetTime?: number;
}

/** Reads no header. */
export const noHeader: HeaderReader = () => undefined;

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
const platformResources = byLength([
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

/** The names that this file reads, by their lengths: most other headers have none of these lengths, or another first letter. */
const namesByLength = byLength([
  ...[platformHeaders, ...providerHeaders].flatMap(({ remaining, limit, reset }) => [
    ...remaining,
    ...limit,
    ...reset,
  ]),
  'x-ratelimit-resource',
  'retry-after',
  'retry-after-ms',
]);

function byLength(texts: readonly string[]): readonly (readonly string[] | undefined)[] {
  const lists: string[][] = [];
  for (const text of texts) lists[text.length] = [...(lists[text.length] ?? []), text];
  return lists;
}

/**
 * The headers about rate limits in a response, by name; {@link noHeader} if it has none. Read for each response, so names are
 * compared as bytes, and values stay bytes.
 * @param headers alternating names and values, as bytes
 */
export function rateLimitHeaders(headers: readonly unknown[]): HeaderReader {
  let names: string[] | undefined;
  const values: HeaderValue[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = nameOf(headers[index]);
    if (name === undefined) continue;
    const value = headers[index + 1];
    names ??= [];
    names.push(name);
    values.push(value instanceof Uint8Array ? value : String(value));
  }
  if (names === undefined) return noHeader;
  const found = names;
  return (name) => {
    // Of a header that was sent twice, the last one. `lastIndexOf` takes three times as long.
    for (let index = found.length - 1; index >= 0; index--) if (found[index] === name) return values[index];
    return undefined;
  };
}

/** The name of a header that this file reads, in lower case. */
function nameOf(given: unknown): string | undefined {
  const bytes = given instanceof Uint8Array ? given : Buffer.from(String(given));
  // This bit makes a letter lower case.
  return spelledBy(bytes, namesByLength[bytes.length], 0x20);
}

/** The one of some texts of the same length that the bytes spell, with some bits set in each. */
function spelledBy(
  bytes: Uint8Array,
  texts: readonly string[] | undefined,
  bits: number,
): string | undefined {
  if (texts === undefined) return undefined;
  for (let at = 0; at < texts.length; at++) {
    const text = texts[at] ?? '';
    let index = 0;
    while (index < bytes.length && ((bytes[index] ?? 0) | bits) === text.charCodeAt(index)) index++;
    if (index === bytes.length) return text;
  }
  return undefined;
}

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

/** The rate limit in a response of a git platform; `undefined` if it has none. */
export function platformRateLimit(header: HeaderReader, now: number): RateLimitReading | undefined {
  const { remaining, limit, reset } = platformHeaders;
  const named = header('x-ratelimit-resource');
  const resource = named === undefined ? defaultResource : platformResource(named);
  const read = reading(
    resource,
    numberOf(either(header, remaining)),
    numberOf(either(header, limit)),
    retryAfter(header, now) ?? epochOrDelay(either(header, reset), now),
  );
  return hasValues(read) ? read : undefined;
}

function platformResource(name: HeaderValue): string {
  const bytes = typeof name === 'string' ? Buffer.from(name) : name;
  return spelledBy(bytes, platformResources[bytes.length], 0) ?? otherValue;
}

/** A header that has two names. */
function either(header: HeaderReader, [first, second]: readonly [string, string]): HeaderValue | undefined {
  return header(first) ?? header(second);
}

/** A reading without undefined properties. */
function reading(
  resource: string,
  remaining: number | undefined,
  limit: number | undefined,
  resetTime: number | undefined,
): RateLimitReading {
  const read: { -readonly [P in keyof RateLimitReading]: RateLimitReading[P] } = { resource };
  if (remaining !== undefined) read.remaining = remaining;
  if (limit !== undefined) read.limit = limit;
  if (resetTime !== undefined) read.resetTime = resetTime;
  return read;
}

function hasValues({ remaining, limit, resetTime }: RateLimitReading): boolean {
  return remaining !== undefined || limit !== undefined || resetTime !== undefined;
}

/** Whether a response reports an exceeded limit: 429, or 403 of GitHub with rate-limit headers. */
export function isRateLimited(status: number, header: HeaderReader): boolean {
  if (status !== 403) return status === 429;
  return header('retry-after') !== undefined || numberOf(either(header, platformHeaders.remaining)) === 0;
}

function retryAfter(header: HeaderReader, now: number): number | undefined {
  const milliseconds = numberOf(header('retry-after-ms'));
  if (milliseconds !== undefined) return now + milliseconds;
  const value = header('retry-after');
  const seconds = numberOf(value);
  return seconds === undefined ? dateOf(value) : now + seconds * 1_000;
}

/** Seconds since 1970 (GitHub, GitLab), or seconds from now (the IETF draft). */
function epochOrDelay(value: HeaderValue | undefined, now: number): number | undefined {
  const seconds = numberOf(value);
  if (seconds === undefined) return undefined;
  return seconds > 1_000_000_000 ? seconds * 1_000 : now + seconds * 1_000;
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** OpenAI's durations: `20ms`, `1s`, `6m0s`. */
function afterDuration(value: HeaderValue | undefined, now: number): number | undefined {
  if (value === undefined || value.length > 40) return undefined;
  const text = String(value);
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(text)) return undefined;
  let milliseconds = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g))
    milliseconds += Number(amount) * (units[unit ?? ''] ?? 0);
  return now + milliseconds;
}

function numberOf(value: HeaderValue | undefined): number | undefined {
  if (value === undefined) return undefined;
  const whole = typeof value === 'string' ? undefined : wholeNumber(value);
  if (whole !== undefined) return whole;
  const text = String(value);
  return /^\s*\d{1,15}(?:\.\d{1,9})?\s*$/.test(text) ? Number(text) : undefined;
}

/** The number of up to 15 digits, without a string; `undefined` for other bytes. */
function wholeNumber(bytes: Uint8Array): number | undefined {
  if (bytes.length === 0 || bytes.length > 15) return undefined;
  let number = 0;
  for (const byte of bytes) {
    const digit = byte - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    number = number * 10 + digit;
  }
  return number;
}

function dateOf(value: HeaderValue | undefined): number | undefined {
  const moment = value === undefined ? Number.NaN : Date.parse(String(value));
  return Number.isNaN(moment) ? undefined : moment;
}
