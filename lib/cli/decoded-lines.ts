/** Splits bytes into lines, wherever they are cut, and keeps what is not UTF-8 recognisable. */
import { isUtf8 } from 'node:buffer';

/** Lines without their newline, each with its size in bytes, newline included; what follows the last newline comes last. */
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

/** Half of a pair of surrogates for what is not UTF-8: no text that was decoded has one. */
function textOf(line: Buffer): string {
  const text = line.toString();
  return isUtf8(line) ? text : text.replaceAll('\ufffd', '\udcff');
}
