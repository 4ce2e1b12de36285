/** Methods of requests as a label: anyone may send any text, the standard ones are few. */
import { otherValue } from './label.js';

/** Those of RFC 9110, and PATCH (RFC 5789). */
const standard = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']);

/** A standard method in upper case; `other` for any else. */
export function methodLabel(method: string): string {
  if (standard.has(method)) return method;
  const upper = typeof method === 'string' ? method.toUpperCase() : '';
  return standard.has(upper) ? upper : otherValue;
}
