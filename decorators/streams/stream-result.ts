/**
 * Results that go on after they are returned: promises that are more than plain ones, queries, cursors, generators, async
 * iterables, Node's and the web's readable streams, event streams of AI SDKs. They are observed in place, through their
 * own methods: the very object is returned, and whatever else it can do still works.
 */
import { Readable } from 'node:stream';
import { types } from 'node:util';
import { followExits } from '../exits.js';
import { followThenable } from '../promise-result.js';
import { followEmitter, isEmitter } from './emitter-result.js';
import { followEventStream, isEventStream } from './event-stream-result.js';
import { followIteration, followIterator, iteratesItself } from './iterator-result.js';
import { followNodeStream, nodeStreamState } from './node-stream-result.js';
import {
  type AnyMethod,
  type ObservedLife,
  observe,
  type StreamLife,
  shareObservation,
} from './stream-life.js';
import { followWebStream, isSpent } from './web-stream-result.js';

/** What can be asked for before it is observed. */
interface Abilities {
  readonly subscribe: AnyMethod | undefined;
  readonly iterate: AnyMethod | undefined;
}

/**
 * Observes a value that goes on; `false` for any other, for one that is over, and for one that cannot be observed (a frozen
 * object). Nothing of it throws.
 * @param now the number of the last call that started
 */
export function followResult(value: object, life: StreamLife, now: () => number): boolean {
  try {
    const shared = shareObservation(value, life);
    if (shared !== undefined) return shared === 'shared';
    const abilities = abilitiesOf(value);
    const { subscribe, iterate } = abilities;
    const isGenerator = types.isGeneratorObject(value);
    if (subscribe === undefined && iterate === undefined && !isGenerator) return false;
    if (!Object.isExtensible(value) || isPage(value)) return false;
    if (subscribe === undefined) {
      const { isOver, error } = nodeStreamState(value);
      if (isOver && error !== undefined) {
        life.fail(error);
        return true;
      }
      if (isOver || (isWebStream(value) && isSpent(value))) return false;
    }
    const observed = observe(
      value,
      life,
      { now: now(), settles: subscribe !== undefined },
      (settled, one) => typeof settled === 'object' && settled !== null && followResult(settled, one, now),
    );
    try {
      followInPlace(value, abilities, observed);
    } catch {
      // One of its properties cannot be redefined, or its getter throws.
      observed.giveUp();
      return false;
    }
    return true;
  } catch {
    // A getter or a proxy that throws: its business, and no result of ours.
    return false;
  }
}

function followInPlace(value: object, abilities: Abilities, life: ObservedLife): void {
  const { subscribe, iterate } = abilities;
  if (subscribe !== undefined) followThenable(value, subscribe, life);
  else if (followStream(value, iterate, life)) return;
  if (isEmitter(value)) {
    followEmitter(value, life);
    // A userland stream reports by events; its `read` gives `null` whenever it has nothing yet.
    if (subscribe === undefined && methodOf(value, 'pipe') !== undefined) return;
  }
  if (iterate !== undefined) followIteration(value, iterate, life);
  followExits(value, life, (exit) => {
    try {
      const found = abilitiesOf(exit);
      if (found.subscribe === undefined && found.iterate === undefined) return;
      if (Object.isExtensible(exit) && life.isNew(exit)) followInPlace(exit, found, life);
    } catch {
      // What cannot be observed is its caller's all the same.
    }
  });
}

/** Observes what is known to be a stream; `false` for any other object. */
function followStream(value: object, iterate: AnyMethod | undefined, life: ObservedLife): boolean {
  if (value instanceof Readable) followNodeStream(value, life);
  else if (isWebStream(value)) {
    followWebStream(value, life);
  } else if (isEventStream(value)) followEventStream(value, life);
  else if (types.isGeneratorObject(value) || (iterate !== undefined && iteratesItself(value, iterate))) {
    followIterator(value, life);
  } else return false;
  return true;
}

function abilitiesOf(value: object): Abilities {
  return { subscribe: methodOf(value, 'then'), iterate: methodOf(value, Symbol.asyncIterator) };
}

function methodOf(value: object, key: PropertyKey): AnyMethod | undefined {
  const method: unknown = Reflect.get(value, key);
  return typeof method === 'function' ? (method as AnyMethod) : undefined;
}

/** A page of a list is whole; that it can fetch the next ones is up to its reader. */
function isPage(value: object): boolean {
  return methodOf(value, 'hasNextPage') !== undefined && methodOf(value, 'then') === undefined;
}

function isWebStream(value: object): value is ReadableStream {
  // Asked only of async iterables: the global loads the web streams when it is first read.
  return value instanceof ReadableStream;
}
