/**
 * Results that go on after they are returned: promises with more than the standard methods, queries, cursors, generators,
 * async iterables, readable streams of Node and the web, event streams of AI SDKs. They are observed in place, through their
 * own methods: the original object is returned, and all its other features still work.
 */
import { Readable } from 'node:stream';
import { types } from 'node:util';
import { followExits, isObject } from '../exits.js';
import { followThenable } from '../promise-result.js';
import { followIteration, followIterator, iteratesItself } from './iterator-result.js';
import {
  followEmitter,
  followEventStream,
  followNodeStream,
  isEmitter,
  isEventStream,
  nodeStreamState,
} from './stream-kinds.js';
import {
  type AnyMethod,
  type ObservedLife,
  observe,
  type StreamLife,
  shareObservation,
} from './stream-life.js';
import { followWebStream, isSpent } from './web-stream-result.js';

/** The methods by which a result can be consumed. */
interface Abilities {
  readonly subscribe: AnyMethod | undefined;
  readonly iterate: AnyMethod | undefined;
}

/**
 * Observes a value that goes on. Never throws.
 * @param now the number of the last call that started
 * @returns `false` if the value does not go on, is over already, or cannot be observed (a frozen object)
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
      (settled, inner) => isObject(settled) && followResult(settled, inner, now),
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
    // A getter or a proxy threw: the value cannot be observed.
  }
  return false;
}

function followInPlace(value: object, abilities: Abilities, life: ObservedLife): void {
  const { subscribe, iterate } = abilities;
  if (subscribe !== undefined) followThenable(value, subscribe, life);
  else if (followStream(value, iterate, life)) return;
  if (isEmitter(value)) {
    followEmitter(value, life);
    // A userland stream reports by events; its `read` returns `null` whenever no data is available.
    if (subscribe === undefined && methodOf(value, 'pipe') !== undefined) return;
  }
  if (iterate !== undefined) followIteration(value, iterate, life);
  followExits(value, life, (exit) => {
    try {
      const found = abilitiesOf(exit);
      if (found.subscribe === undefined && found.iterate === undefined) return;
      if (life.isNew(exit)) followInPlace(exit, found, life);
    } catch {
      // It cannot be observed; the caller gets it nevertheless.
    }
  });
}

/** Observes a stream of a known kind; `false` for any other object. */
function followStream(value: object, iterate: AnyMethod | undefined, life: ObservedLife): boolean {
  if (value instanceof Readable) followNodeStream(value, life);
  else if (isWebStream(value)) {
    followWebStream(value, life);
  } else if (isEventStream(value)) followEventStream(value, life);
  else if (types.isGeneratorObject(value) || iteratesItself(value, iterate)) {
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

/** Whether a value is a page of a list: it is complete, although iterating it fetches the next pages. */
function isPage(value: object): boolean {
  return methodOf(value, 'hasNextPage') !== undefined && methodOf(value, 'then') === undefined;
}

function isWebStream(value: object): value is ReadableStream {
  // Called only for async iterables: reading the global for the first time loads the web streams.
  return value instanceof ReadableStream;
}
