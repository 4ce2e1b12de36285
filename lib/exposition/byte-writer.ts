/**
 * Writes the text of an exposition directly as bytes: concatenating, flattening and encoding strings takes three times as long.
 * Almost all of the text is written already (names, bounds, the labels of the previous line), and is copied eight bytes at a time, as
 * doubles; other text is encoded. UTF-8 has no eight bytes that are NaN as a double: its last two would be 0xF0 or
 * above, and 0x7F or 0xFF. Of a NaN, V8 may set a bit of the byte before the last, which
 * is past the end of the text then.
 */
import { escapedLabelValue, numberText } from './format.js';

/** Text as bytes, to copy from. */
export interface PreparedText {
  /** The bytes, padded to whole words. */
  readonly view: DataView;
  readonly length: number;
}

export function preparedText(text: string): PreparedText {
  const bytes = Buffer.from(text);
  const padded = Buffer.alloc(Math.ceil(bytes.length / 8) * 8);
  bytes.copy(padded);
  return { view: new DataView(padded.buffer, padded.byteOffset, padded.length), length: bytes.length };
}

/** Codes of single characters. */
export const codes = {
  newline: 10,
  space: 32,
  quote: 34,
  comma: 44,
  zero: 48,
  backslash: 92,
  open: 123,
  close: 125,
};

/** Whole doubles are copied: up to seven bytes past the end are written, and overwritten by the next write. */
const slack = 8;

export class ByteWriter implements PreparedText {
  /** The number of bytes written since the last `take`. */
  length = 0;
  view: DataView;
  readonly #capacity: number;
  readonly #reusesMemory: boolean;
  #bytes: Buffer;

  /**
   * @param capacity initial capacity in bytes; it grows as needed
   * @param reusesMemory whether the writes after `take` overwrite the taken bytes
   */
  constructor(capacity: number, reusesMemory = false) {
    this.#capacity = capacity;
    this.#reusesMemory = reusesMemory;
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
    this.view = viewOf(this.#bytes);
  }

  /** The written bytes, to be read before the next write if the writer uses its memory again, else owned by the caller. */
  take(): Buffer {
    if (!this.#reusesMemory) return this.takeOwn();
    const taken = this.#bytes.subarray(0, this.length);
    this.length = 0;
    return taken;
  }

  /** The written bytes, owned by the caller. The writer continues in new memory. */
  takeOwn(): Buffer {
    const taken = this.#bytes.subarray(0, this.length);
    this.#bytes = Buffer.allocUnsafeSlow(this.#capacity);
    this.view = viewOf(this.#bytes);
    this.length = 0;
    return taken;
  }

  /** Discards the written bytes. */
  clear(): void {
    this.length = 0;
  }

  byte(code: number): void {
    this.#reserve(1);
    this.view.setUint8(this.length++, code);
  }

  /** Copies text. */
  prepared({ view, length }: PreparedText): void {
    this.#reserve(length);
    const target = this.view;
    const at = this.length;
    for (let index = 0; index < length; index += 8)
      target.setFloat64(at + index, view.getFloat64(index, true), true);
    this.length = at + length;
  }

  /** Writes the text from `start` to `end` again. */
  again(start: number, end: number): void {
    this.#reserve(end - start);
    const view = this.view;
    const offset = this.length - start;
    for (let index = start; index < end; index += 8)
      view.setFloat64(index + offset, view.getFloat64(index, true), true);
    this.length += end - start;
  }

  /** Copies what is not text: any bytes. */
  binary({ view, length }: PreparedText): void {
    this.#reserve(length);
    const target = this.view;
    const at = this.length;
    for (let index = 0; index < length; index += 4)
      target.setUint32(at + index, view.getUint32(index, true), true);
    this.length = at + length;
  }

  /** Copies bytes. */
  bytes(bytes: Buffer): void {
    this.#reserve(bytes.length);
    bytes.copy(this.#bytes, this.length);
    this.length += bytes.length;
  }

  /** Writes a double with the low byte first. */
  double(value: number): void {
    this.#reserve(8);
    this.view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  /** Writes a byte, and a double with the low byte first. */
  taggedDouble(tag: number, value: number): void {
    this.#reserve(9);
    const view = this.view;
    view.setUint8(this.length, tag);
    view.setFloat64(this.length + 1, value, true);
    this.length += 9;
  }

  /** Writes an integer from 0 to 2^53 in groups of seven bits, the lowest first, as protobuf has it. */
  varint(value: number): void {
    this.#reserve(8);
    const view = this.view;
    let at = this.length;
    let rest = value;
    // Bitwise operators take 32 bits.
    for (; rest > 0x7fffffff; rest = Math.floor(rest / 128)) view.setUint8(at++, (rest % 128) | 128);
    for (; rest > 127; rest >>>= 7) view.setUint8(at++, (rest & 127) | 128);
    view.setUint8(at++, rest);
    this.length = at;
  }

  text(text: string): void {
    const start = this.length;
    this.#reserve(text.length);
    const view = this.view;
    let at = start;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code > 127) {
        this.#encode(text);
        return;
      }
      view.setUint8(at++, code);
    }
    this.length = at;
  }

  /** Writes a label value, with backslash, newline and quote escaped. */
  labelValue(value: string): void {
    const start = this.length;
    this.#reserve(value.length * 2);
    const view = this.view;
    let at = start;
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code > 127) {
        this.#encode(escapedLabelValue(value));
        return;
      }
      if (code === codes.quote || code === codes.backslash || code === codes.newline) {
        view.setUint8(at++, codes.backslash);
        view.setUint8(at++, code === codes.newline ? 110 : code);
      } else view.setUint8(at++, code);
    }
    this.length = at;
  }

  /** Writes a number in the syntax of Prometheus. */
  number(value: number): void {
    // Most numbers of a scrape are small integers, written digit by digit.
    if (value === (value | 0) && value >= 0) this.#digits(value | 0);
    else this.text(numberText(value));
  }

  #digits(value: number): void {
    this.#reserve(10);
    const view = this.view;
    let places = 1;
    for (let bound = 10; places < 10 && value >= bound; bound *= 10) places++;
    let rest = value;
    for (let at = this.length + places - 1; at >= this.length; at--) {
      const tens = (rest / 10) | 0;
      view.setUint8(at, codes.zero + rest - tens * 10);
      rest = tens;
    }
    this.length += places;
  }

  #encode(text: string): void {
    // A UTF-16 unit takes three bytes at most.
    this.#reserve(text.length * 3);
    this.length += this.#bytes.write(text, this.length, 'utf8');
  }

  #reserve(count: number): void {
    const needed = this.length + count + slack;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.length);
    this.#bytes = larger;
    this.view = viewOf(larger);
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
