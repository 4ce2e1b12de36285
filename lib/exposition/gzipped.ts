/** Compresses a body as it is produced. */
import { constants, createGzip, type Gzip } from 'node:zlib';

/**
 * Compresses in the thread pool at the fastest level: scrapes and pushes are frequent. A chunk is asked for when the one before is
 * compressed, so that the body may use its memory again. An error of the body is thrown to the reader; a reader that leaves ends the
 * body.
 */
export async function* gzipped(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gzip = createGzip({ level: constants.Z_BEST_SPEED });
  void compress(body, gzip);
  yield* gzip;
}

async function compress(body: AsyncIterable<Buffer>, gzip: Gzip): Promise<void> {
  let proceed = (): void => {};
  // A stream that is destroyed while its reader pauses does not call back.
  gzip.once('close', () => proceed());
  try {
    for await (const chunk of body) {
      // Of a stream that is destroyed, the write fails.
      await new Promise<void>((resolve) => {
        proceed = resolve;
        gzip.write(chunk, () => resolve());
      });
      if (gzip.destroyed) return;
    }
    gzip.end();
  } catch (error) {
    gzip.destroy(error as Error);
  }
}
