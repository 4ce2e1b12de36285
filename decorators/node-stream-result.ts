/** Node's readable streams, observed by listeners that change nothing: none starts the flow, none handles an error. */
import { errorMonitor } from 'node:events';
import type { Readable } from 'node:stream';
import type { ObservedLife } from './stream-life.js';

export function followNodeStream(stream: Readable, life: ObservedLife): void {
  stream.once('end', () => life.end(stream));
  // Destroyed early, or after its end: whichever comes first is told.
  stream.once('close', () => life.end(stream));
  // `errorMonitor` sees errors without handling them: one that nobody handles still ends the process.
  stream.once(errorMonitor, (error) => life.fail(error));
  // Every chunk goes through `push`; a `data` listener would start the flow, a `readable` one would change it.
  const { push } = stream;
  life.redefine(stream, 'push', function pushed(this: Readable, chunk: unknown, encoding?: BufferEncoding) {
    if (chunk !== null) life.item(chunk);
    return push.call(this, chunk, encoding);
  });
}
