/**
 * Headers without `req.headers`, an object that Node makes when it is first read: that takes longer than a whole measurement.
 */
import type { IncomingMessage } from 'node:http';

/** Whether a request has a header. @param name in lower case */
export function hasHeader({ rawHeaders }: IncomingMessage, name: string): boolean {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const sent = rawHeaders[index] as string;
    if (sent.length === name.length && sent.toLowerCase() === name) return true;
  }
  return false;
}
