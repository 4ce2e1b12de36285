/** Writes large files without holding the event loop. */
import { setImmediate as turn } from 'node:timers/promises';

/** The same chunks; the event loop turns after each. */
export async function* yielding(chunks: Iterable<Buffer>): AsyncGenerator<Buffer> {
  for (const chunk of chunks) {
    yield chunk;
    await turn();
  }
}
