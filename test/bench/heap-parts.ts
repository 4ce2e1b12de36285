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
      readonly edge_fields: readonly string[];
    };
  };
  readonly nodes: readonly number[];
  readonly edges: readonly number[];
  readonly strings: readonly string[];
}

/** The cache of V8 of numbers as strings, which grows and is emptied: the names of the edges that lead to it. */
const cacheNames = ['number_string_cache', 'string_split_cache', 'regexp_multiple_cache'];

/** Writing a snapshot collects garbage first. */
export async function heapParts(): Promise<HeapParts> {
  const { snapshot, nodes, edges, strings } = JSON.parse(await text(getHeapSnapshot())) as Snapshot;
  const { node_fields: fields, node_types: types, edge_fields: edgeFields } = snapshot.meta;
  const [typeAt, sizeAt] = [fields.indexOf('type'), fields.indexOf('self_size')];
  const [edgeNameAt, targetAt] = [edgeFields.indexOf('name_or_index'), edgeFields.indexOf('to_node')];
  const names = new Set(cacheNames.map((name) => strings.indexOf(name)).filter((index) => index >= 0));
  const caches = new Set<number>();
  for (let edge = 0; edge < edges.length; edge += edgeFields.length)
    if (names.has(edges[edge + edgeNameAt] ?? -1)) caches.add(edges[edge + targetAt] ?? -1);
  const parts = { code: 0, internal: 0, program: 0 };
  for (let node = 0; node < nodes.length; node += fields.length) {
    const type = types[0][nodes[node + typeAt] ?? 0];
    const size = nodes[node + sizeAt] ?? 0;
    if (type === 'code') parts.code += size;
    else if (type === 'hidden' || type === 'synthetic' || (type === 'array' && caches.has(node)))
      parts.internal += size;
    else parts.program += size;
  }
  return parts;
}
