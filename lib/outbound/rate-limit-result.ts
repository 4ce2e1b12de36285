/** What results and errors of API clients report of rate limits. */

import { propertiesOf } from '../unknown-values.js';
import { type HeaderReader, isRateLimited } from './rate-limit-headers.js';
import type { RateLimitState } from './rate-limits.js';

/** What a call reports of a rate limit. */
export interface RateLimitReport extends RateLimitState {
  /** Whether the call was limited, and so counts. Default: false. */
  readonly limited?: boolean;
}

/** The status of a response, or of an error that stands for one, as octokit and the AI SDKs have it. */
export function statusOf(value: unknown): number | undefined {
  const { status, response } = propertiesOf(value);
  const found = status ?? propertiesOf(response).status;
  return typeof found === 'number' ? found : undefined;
}

/** Reads the headers of a response or an error: `Headers` (the AI SDKs), or a plain object (octokit). */
export function headersOf(value: unknown): HeaderReader {
  const { headers, response } = propertiesOf(value);
  const found = headers ?? propertiesOf(response).headers;
  if (found instanceof Headers) return (name) => found.get(name) ?? undefined;
  const plain = propertiesOf(found);
  return (name) => {
    const text = plain[name];
    return typeof text === 'string' || typeof text === 'number' ? String(text) : undefined;
  };
}

export function isRateLimitError(error: unknown): boolean {
  const status = statusOf(error);
  return status !== undefined && isRateLimited(status, headersOf(error));
}
