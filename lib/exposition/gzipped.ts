/** Compresses a body as it is produced. */
import { pipeline, Readable } from 'node:stream';
import { constants, createGzip } from 'node:zlib';

/** Compresses in the thread pool at the fastest level: scrapes and pushes are frequent. */
export function gzipped(body: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const gzip = createGzip({ level: constants.Z_BEST_SPEED });
  // The end of one stream ends the other; errors are thrown by the last one.
  pipeline(Readable.from(body), gzip, () => {});
  return gzip;
}
