/**
 * Text of an exposition, written as bytes from the start: strings would have to be put together, flattened and encoded, which
 * takes three times as long. Almost all of it is ASCII that was there before (names, bounds, the labels of the line above),
 * so it is copied, four bytes at a time; whatever is not ASCII goes the usual way.
 */
import { escapedLabelValue, numberText } from './format.js';

/** Text as bytes, to be copied from. */
export interface PreparedText {
  /** The bytes, and at least as many behind them as make whole words. */
  readonly view: DataView;
  readonly length: number;
}

export function preparedText(text: string): PreparedText {
  const bytes = Buffer.from(text);
  const padded = Buffer.alloc(Math.ceil(bytes.length / 4) * 4);
  bytes.copy(padded);
  return { view: new DataView(padded.buffer, padded.byteOffset, padded.length), length: bytes.length };
}

/** Codes of the characters that are looked for or written alone. */
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

/** Words are copied whole: up to three bytes past the end are written, and overwritten by what follows. */
const slack = 4;

export class ByteWriter implements PreparedText {
  /** How many bytes have been written since the last `take`. */
  length = 0;
  view: DataView;
  readonly #capacity: number;
  #bytes: Buffer;

  /** Makes room for so many bytes at once; more take more room. */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
    this.view = viewOf(this.#bytes);
  }

  /** What has been written, to keep; the writer goes on in memory of its own. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.length);
    this.#bytes = Buffer.allocUnsafeSlow(this.#capacity);
    this.view = viewOf(this.#bytes);
    this.length = 0;
    return taken;
  }

  /** Forgets what has been written. */
  clear(): void {
    this.length = 0;
  }

  byte(code: number): void {
    this.#reserve(1);
    this.view.setUint8(this.length++, code);
  }

  prepared({ view, length }: PreparedText): void {
    this.#reserve(length);
    const target = this.view;
    const at = this.length;
    for (let index = 0; index < length; index += 4)
      target.setUint32(at + index, view.getUint32(index, true), true);
    this.length = at + length;
  }

  /** Writes what was written from `start` to `end` again. */
  again(start: number, end: number): void {
    this.#reserve(end - start);
    const view = this.view;
    const offset = this.length - start;
    for (let index = start; index < end; index += 4)
      view.setUint32(index + offset, view.getUint32(index, true), true);
    this.length += end - start;
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

  /** A label's value, with backslash, newline and quote escaped. */
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

  /** A number as Prometheus reads it. */
  number(value: number): void {
    // Small integers, which most numbers of a scrape are, digit by digit.
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
