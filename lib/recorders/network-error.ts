/** Errors of requests that got no answer, as labels. */

/** What went wrong, as one of few words: a code of Node's or undici's, `timeout`, `aborted`, or `network_error`. */
export function networkErrorCode(error: unknown): string {
  const { name, code } = (typeof error === 'object' && error !== null ? error : {}) as {
    name?: unknown;
    code?: unknown;
  };
  if (name === 'TimeoutError') return 'timeout';
  if (name === 'AbortError' || code === 'UND_ERR_ABORTED') return 'aborted';
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? code : 'network_error';
}
