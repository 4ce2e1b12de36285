/** What holds the memory of the heap, by a heap snapshot of V8. */
import { text } from 'node:stream/consumers';
import { getHeapSnapshot } from 'node:v8';

/** Bytes. */
export interface HeapParts {
  /** Compiled code, bytecode, and what V8 keeps with them: feedback, source positions, data for deoptimization. */
  readonly code: number;
  /** Objects of V8 itself: hidden classes, lists and tables of weak references, caches. */
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

/** Tables that V8 sizes as it likes, by the names of the edges that lead to them: its caches, and those of what is held weakly. */
const ownTables = ['number_string_cache', 'string_split_cache', 'regexp_multiple_cache'];
const weakHolders = ['WeakMap', 'WeakSet'];

/** Writing a snapshot collects garbage first. */
export async function heapParts(): Promise<HeapParts> {
  const { snapshot, nodes, edges, strings } = JSON.parse(await text(getHeapSnapshot())) as Snapshot;
  const { node_fields: fields, node_types: types, edge_fields: edgeFields } = snapshot.meta;
  const [typeAt, nameAt, sizeAt, countAt] = ['type', 'name', 'self_size', 'edge_count'].map((name) =>
    fields.indexOf(name),
  ) as [number, number, number, number];
  const [edgeNameAt, targetAt] = [edgeFields.indexOf('name_or_index'), edgeFields.indexOf('to_node')];
  const indexesOf = (names: readonly string[]): Set<number> =>
    new Set(names.map((name) => strings.indexOf(name)).filter((index) => index >= 0));
  const [own, weak, table] = [indexesOf(ownTables), indexesOf(weakHolders), strings.indexOf('table')];
  const tables = new Set<number>();
  let edge = 0;
  for (let node = 0; node < nodes.length; node += fields.length) {
    const isWeak = weak.has(nodes[node + nameAt] ?? -1);
    for (let left = nodes[node + countAt] ?? 0; left > 0; left--) {
      const name = edges[edge + edgeNameAt] ?? -1;
      if (own.has(name) || (isWeak && name === table)) tables.add(edges[edge + targetAt] ?? -1);
      edge += edgeFields.length;
    }
  }
  const parts = { code: 0, internal: 0, program: 0 };
  for (let node = 0; node < nodes.length; node += fields.length) {
    const type = types[0][nodes[node + typeAt] ?? 0];
    const size = nodes[node + sizeAt] ?? 0;
    if (type === 'code') parts.code += size;
    else if (type === 'hidden' || type === 'synthetic' || (type === 'array' && tables.has(node)))
      parts.internal += size;
    else parts.program += size;
  }
  return parts;
}
