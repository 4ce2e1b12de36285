/** What an error is called in a label. */

/**
 * Class name of an error, or its `name` where the class says nothing. What is no error gives its class or its type
 * (`string`, `undefined`).
 */
export function errorName(error: unknown): string {
  if (typeof error !== 'object' || error === null) return error === null ? 'null' : typeof error;
  const className: unknown = Object.getPrototypeOf(error)?.constructor?.name;
  if (!(error instanceof Error))
    return typeof className === 'string' && className !== '' ? className : 'object';
  // A plain Error or DOMException says more by its name (AbortError, TimeoutError) than by its class.
  const says =
    typeof className === 'string' &&
    className !== '' &&
    className !== 'Error' &&
    className !== 'DOMException';
  return says ? className : error.name || 'Error';
}
