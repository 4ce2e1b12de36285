/** HTTP methods as label values: clients may send any text, but there are few standard methods. */
import { otherValue } from './label.js';

/** The methods of RFC 9110, and PATCH (RFC 5789). */
const standard = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']);

/** A standard method in upper case; `other` for any other text. */
export function methodLabel(method: string): string {
  if (standard.has(method)) return method;
  const upper = typeof method === 'string' ? method.toUpperCase() : '';
  return standard.has(upper) ? upper : otherValue;
}
