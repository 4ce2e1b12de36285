/** Label values for errors. */
import { propertiesOf } from './unknown-values.js';

/**
 * The class name of an error, or its `name` where the class is not specific. A thrown value that is not an error gives its
 * class or its type (`string`, `undefined`).
 */
export function errorName(error: unknown): string {
  if (typeof error !== 'object' || error === null) return error === null ? 'null' : typeof error;
  const className: unknown = Object.getPrototypeOf(error)?.constructor?.name;
  if (!(error instanceof Error))
    return typeof className === 'string' && className !== '' ? className : 'object';
  // The `name` of a plain Error or DOMException (AbortError, TimeoutError) is more specific than its class.
  const isSpecific =
    typeof className === 'string' &&
    className !== '' &&
    className !== 'Error' &&
    className !== 'DOMException';
  return isSpecific ? className : error.name || 'Error';
}

/**
 * The label value for a request that got no response: a Node.js or undici error code, `timeout`, `aborted`, or
 * `network_error`.
 */
export function networkErrorCode(error: unknown): string {
  const { name, code } = propertiesOf(error);
  if (name === 'TimeoutError') return 'timeout';
  if (name === 'AbortError' || code === 'UND_ERR_ABORTED') return 'aborted';
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? code : 'network_error';
}
