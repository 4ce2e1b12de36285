/** Splits chunks of bytes into lines, and marks lines that are not valid UTF-8. */
import { isUtf8 } from 'node:buffer';

/** The lines without their newlines, each with its size in bytes including the newline. The last line may have no newline. */
export async function* decodedLines(
  chunks: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>,
): AsyncGenerator<readonly [line: string, bytes: number]> {
  let pending: Buffer[] = [];
  for await (const chunk of chunks) {
    const bytes =
      typeof chunk === 'string'
        ? Buffer.from(chunk)
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const end = bytes.lastIndexOf(10) + 1;
    pending.push(bytes.subarray(0, end));
    if (end > 0) {
      yield* linesOf(Buffer.concat(pending));
      pending = [];
    }
    if (end < bytes.length) pending.push(bytes.subarray(end));
  }
  const rest = Buffer.concat(pending);
  if (rest.length > 0) yield [textOf(rest), rest.length];
}

function* linesOf(block: Buffer): Generator<readonly [line: string, bytes: number]> {
  for (let start = 0; start < block.length; ) {
    const end = block.indexOf(10, start);
    yield [textOf(block.subarray(start, end)), end - start + 1];
    start = end + 1;
  }
}

/** The text of a line, with a lone surrogate for bytes that are not UTF-8: decoded text never has one. */
function textOf(line: Buffer): string {
  const text = line.toString();
  return isUtf8(line) ? text : text.replaceAll('\ufffd', '\udcff');
}
