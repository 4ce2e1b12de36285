/** The observation of a result that goes on after the return, in place and independent of its kind. */
import { processWide } from '../../lib/process-wide.js';
import { contextRunner } from '../recording/context-labels.js';

/** Receives the items of a result, then exactly one of `succeed`, `end`, `fail` and the function that `abandonment` makes. */
export interface StreamLife {
  /** When the call started, as a number that increases from call to call. */
  readonly started: number;
  /** Called for the first item, or for each: a token, a chunk, an event, when the reader gets it. */
  readonly item: (item: unknown) => void;
  /** The result was fulfilled with a final value. */
  readonly succeed: (value: unknown) => void;
  /** The result was read to its end, or its reader left early. */
  readonly end: (stream: object) => void;
  /** Reading the result threw, or it was rejected. */
  readonly fail: (error: unknown) => void;
  /** Makes the function that is called if the result is garbage collected before its end. It must not hold the result. */
  readonly abandonment: (result: object) => () => void;
  /** Whether `item` is called for each item. Default: only for the first. */
  readonly everyItem?: boolean;
  /** Runs the steps of an iterator, whose body is part of the call. Default: they run unchanged. */
  readonly run?: (<T>(step: () => T) => T) | undefined;
}

/** A result that is being observed for all calls that returned it. */
export interface ObservedLife
  extends Omit<StreamLife, 'started' | 'everyItem' | 'abandonment' | 'run' | 'end' | 'succeed'> {
  readonly end: () => void;
  readonly run: <T>(step: () => T) => T;
  /** The result was fulfilled with a value, which may itself go on. */
  readonly fulfil: (value: unknown) => void;
  /** Whether the caller has subscribed to the settlement, which then decides how the call ended. */
  readonly isAwaited: () => boolean;
  readonly awaits: () => void;
  /** Defines a non-enumerable own property on an object until the end, when the object is restored. */
  readonly redefine: (object: object, key: PropertyKey, method: unknown) => void;
  /** Replaces a method by one that calls `apply`, and keeps its name, length and properties. */
  readonly intercept: (object: object, key: PropertyKey, original: AnyMethod, apply: Interceptor) => void;
  /** Registers a function that is called at the end. */
  readonly undoing: (undo: Undo) => void;
  /** Whether an object that belongs to the result is seen for the first time. */
  readonly isNew: (part: object) => boolean;
  /** Stops observing without reporting anything. */
  readonly giveUp: () => void;
}

export type AnyMethod = (...args: unknown[]) => unknown;
type Interceptor = (original: AnyMethod, self: unknown, args: unknown[]) => unknown;

/** Restores what was replaced. */
export type Undo = () => void;

/** Defines an own property on an object. @returns restores the object. @throws TypeError if the object does not allow it */
export function redefine(object: object, key: PropertyKey, descriptor: PropertyDescriptor): Undo {
  const before = Reflect.getOwnPropertyDescriptor(object, key);
  const made = { ...descriptor, configurable: true, enumerable: before?.enumerable ?? false };
  Object.defineProperty(object, key, made);
  return () => {
    const now = Reflect.getOwnPropertyDescriptor(object, key);
    // Redefined by other code since: left alone.
    if (now === undefined || now.value !== made.value || now.get !== made.get) return;
    if (before === undefined) Reflect.deleteProperty(object, key);
    else Reflect.defineProperty(object, key, before);
  };
}

/** Ends the calls whose results were garbage collected. The callbacks do not hold the results. */
const abandoned = new FinalizationRegistry<() => void>((abandon) => abandon());

interface Observation {
  readonly lives: LifeInContext[];
  /** The last call started when the observation began: earlier calls that return the result are outer layers. */
  readonly since: number;
  /** Whether the result settles once, as promises do. */
  readonly settles: boolean;
}

/** The number of calls that may share one promise. A lazy promise that is never run would collect them without limit. */
const maxSharers = 100;

/** Results that are being observed. */
const observations = processWide('observed results', () => new WeakMap<object, Observation>());

/**
 * Adds a call to a result that is observed already; `undefined` if it is not observed. A stream is shared only with an outer
 * layer that passes it on, whose call started earlier. Later calls that return the same stream end at the return; otherwise a
 * stream that all calls share would collect them without limit.
 */
export function shareObservation(value: object, life: StreamLife): 'shared' | 'refused' | undefined {
  const observation = observations.get(value);
  if (observation === undefined) return undefined;
  const { lives, since, settles } = observation;
  if (life.started > since && !(settles && lives.length < maxSharers)) return 'refused';
  lives.push(lifeOf(value, life));
  return 'shared';
}

/** Starts to observe a result. @param follow observes the value that it is fulfilled with; `false` if that value is final */
export function observe(
  value: object,
  life: StreamLife,
  { now, settles }: { now: number; settles: boolean },
  follow: (value: unknown, life: StreamLife) => boolean,
): ObservedLife {
  const lives = [lifeOf(value, life)];
  const undos: Undo[] = [];
  const parts = new WeakSet<object>();
  let isAwaited = false;
  let isOver = false;
  observations.set(value, { lives, since: now, settles });
  const release = (): void => {
    isOver = true;
    observations.delete(value);
    for (const undo of undos.splice(0).reverse()) undo();
  };
  const over = (report: (one: LifeInContext) => void): void => {
    if (isOver) return;
    release();
    for (const one of lives.splice(0)) report(one);
  };
  const observed: ObservedLife = {
    run: (step) =>
      lives.reduce<typeof step>((inner, { run }) => (run === undefined ? inner : () => run(inner)), step)(),
    item: (item) => {
      for (const one of lives) one.item(item);
    },
    // Always the result itself, even if an iterator or reader of it was read.
    end: () => over((one) => one.end(value)),
    fail: (error) => over((one) => one.fail(error)),
    fulfil: (result) => over((one) => one.fulfil(result, follow)),
    isAwaited: () => isAwaited,
    awaits: () => {
      isAwaited = true;
    },
    redefine: (object, key, method) => undos.push(redefine(object, key, { value: method, writable: true })),
    intercept: (object, key, original, apply) =>
      // A proxy of the method, not of the object: private fields need the original `this`.
      observed.redefine(
        object,
        key,
        new Proxy(original, { apply: (_target, self, args) => apply(original, self, args) }),
      ),
    undoing: (undo) => undos.push(undo),
    isNew: (part) => {
      if (isOver || parts.has(part)) return false;
      parts.add(part);
      return true;
    },
    giveUp: () => {
      release();
      for (const { token } of lives.splice(0)) abandoned.unregister(token);
    },
  };
  return observed;
}

type LifeInContext = ReturnType<typeof lifeInContext>;

/** A life that ends at the latest when the result is garbage collected. */
function lifeOf(value: object, life: StreamLife): LifeInContext {
  const made = lifeInContext(life);
  abandoned.register(value, inCurrentContext(life.abandonment(value)), made.token);
  return made;
}

/** Not inlined: the returned closure outlives the result, and closures of one function share their scope. */
function inCurrentContext(report: () => void): () => void {
  const inContext = contextRunner();
  return () => inContext(report);
}

function lifeInContext(life: StreamLife) {
  const { everyItem, run } = life;
  let hasItem = false;
  const inContext = contextRunner();
  const token = {};
  const ending = (report: () => void): void => {
    abandoned.unregister(token);
    inContext(report);
  };
  return {
    token,
    run,
    item: (item: unknown) => {
      if (hasItem && everyItem !== true) return;
      hasItem = true;
      inContext(() => life.item(item));
    },
    end: (stream: object) => ending(() => life.end(stream)),
    fail: (error: unknown) => ending(() => life.fail(error)),
    fulfil: (value: unknown, follow: (value: unknown, life: StreamLife) => boolean) =>
      ending(() => {
        if (!follow(value, life)) life.succeed(value);
      }),
  };
}
