/** What holds the memory of the heap, by a heap snapshot of V8. */
import { text } from 'node:stream/consumers';
import { getHeapSnapshot } from 'node:v8';

/** Bytes. */
export interface HeapParts {
  /** Compiled code, bytecode, and what V8 keeps with them: feedback, source positions, data for deoptimization. */
  readonly code: number;
  /** Objects of V8 itself: hidden classes, lists of weak references, caches. */
  readonly internal: number;
  /** All else: the objects, strings, numbers and arrays of the program. */
  readonly program: number;
}

interface Snapshot {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: readonly string[];
      readonly node_types: readonly [readonly string[], ...unknown[]];
    };
  };
  readonly nodes: readonly number[];
  readonly strings: readonly string[];
}

/** Arrays without a name that are this large, in bytes, are caches of V8: of numbers as strings, for example. */
const cacheSize = 262_144;

/** Writing a snapshot collects garbage first. */
export async function heapParts(): Promise<HeapParts> {
  const { snapshot, nodes, strings } = JSON.parse(await text(getHeapSnapshot())) as Snapshot;
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const [typeAt, nameAt, sizeAt] = ['type', 'name', 'self_size'].map((name) => fields.indexOf(name)) as [
    number,
    number,
    number,
  ];
  const parts = { code: 0, internal: 0, program: 0 };
  for (let node = 0; node < nodes.length; node += fields.length) {
    const type = types[0][nodes[node + typeAt] ?? 0];
    const size = nodes[node + sizeAt] ?? 0;
    const isCache = type === 'array' && size >= cacheSize && strings[nodes[node + nameAt] ?? 0] === '';
    if (type === 'code') parts.code += size;
    else if (type === 'hidden' || type === 'synthetic' || isCache) parts.internal += size;
    else parts.program += size;
  }
  return parts;
}
