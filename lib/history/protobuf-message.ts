/**
 * Reads messages of protocol buffers without a schema.
 * @see https://protobuf.dev/programming-guides/encoding/
 */

/** The value of a field: a number, or the bytes of a text, a message or packed numbers. */
type FieldValue = number | Buffer;

/** The values of a message by the number of their field. */
export type MessageFields = ReadonlyMap<number, readonly FieldValue[]>;

/** @throws Error for bytes that are damaged */
export function fieldsOf(message: Buffer): MessageFields {
  const fields = new Map<number, FieldValue[]>();
  const { hasMore, take, varint } = cursorOf(message);
  while (hasMore()) {
    const tag = varint();
    const [field, kind] = [Math.floor(tag / 8), tag % 8];
    const value =
      kind === 0
        ? varint()
        : kind === 1
          ? take(8).readDoubleLE()
          : kind === 5
            ? take(4).readFloatLE()
            : take(kind === 2 ? varint() : Number.NaN);
    const values = fields.get(field);
    if (values === undefined) fields.set(field, [value]);
    else values.push(value);
  }
  return fields;
}

/** Messages that each follow their length. @throws Error for bytes that are damaged */
export function* delimitedMessages(bytes: Buffer): Generator<Buffer> {
  const { hasMore, take, varint } = cursorOf(bytes);
  while (hasMore()) yield take(varint());
}

function cursorOf(bytes: Buffer) {
  let at = 0;
  return {
    hasMore: (): boolean => at < bytes.length,
    take(length: number): Buffer {
      if (!(at + length <= bytes.length)) throw damaged();
      at += length;
      return bytes.subarray(at - length, at);
    },
    varint(): number {
      let value = 0;
      for (let scale = 1; scale <= 2 ** 63; scale *= 128) {
        const byte = bytes[at++];
        if (byte === undefined) break;
        value += (byte & 127) * scale;
        if (byte < 128) return value;
      }
      throw damaged();
    },
  };
}

/** Repeated integers, packed or not. */
export function integersOf(values: readonly FieldValue[] = []): number[] {
  const all: number[] = [];
  for (const value of values) {
    if (typeof value === 'number') {
      all.push(value);
      continue;
    }
    const { hasMore, varint } = cursorOf(value);
    while (hasMore()) all.push(varint());
  }
  return all;
}

/** Repeated doubles, packed or not. */
export function doublesOf(values: readonly FieldValue[] = []): number[] {
  return values.flatMap((value) => {
    if (typeof value === 'number') return [value];
    return Array.from({ length: Math.floor(value.length / 8) }, (_, index) => value.readDoubleLE(index * 8));
  });
}

/** The signed integer that an unsigned one stands for: 0, 1, 2, 3, ... are 0, -1, 1, -2, ... */
export function zigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function damaged(): Error {
  return new Error('expected protocol buffers, received bytes that are damaged');
}
