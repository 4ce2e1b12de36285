/** What the kinds of results that go on after the return have in common: what is reported of them, and how they are observed in place. */
import { processWide } from '../../lib/process-wide.js';
import { contextRunner } from '../recording/context-labels.js';

/** What is reported of a result: items, then one of `succeed`, `end`, `fail` and `abandonment`, once. */
export interface StreamLife {
  /** When the call started, as a number that grows from call to call. */
  readonly started: number;
  /** At the first item, or at each: a token, a chunk, an event, as the reader gets it. */
  readonly item: (item: unknown) => void;
  /** It was settled with a value that goes on no further. */
  readonly succeed: (value: unknown) => void;
  /** It was read to its end, or left early. */
  readonly end: (stream: object) => void;
  /** Reading it threw, or it was rejected. */
  readonly fail: (error: unknown) => void;
  /** Makes what is done where the result becomes garbage before its end. It must not hold the result. */
  readonly abandonment: (result: object) => () => void;
  /** Whether `item` is called for each item. Default: for the first. */
  readonly everyItem?: boolean;
  /** Runs the steps of an iterator, whose body is the work of the call. Default: they run as they are. */
  readonly run?: (<T>(step: () => T) => T) | undefined;
}

/** A result that is being observed, on behalf of every call that returned it. */
export interface ObservedLife
  extends Omit<StreamLife, 'started' | 'everyItem' | 'abandonment' | 'run' | 'end'> {
  readonly end: () => void;
  readonly run: <T>(step: () => T) => T;
  /** It was fulfilled with a value, which may be a result that goes on. */
  readonly fulfil: (value: unknown) => void;
  /** Whether its caller waits for a settlement, which then decides how the call ended. */
  readonly isAwaited: () => boolean;
  readonly awaits: () => void;
  /** Defines a property on an object itself, as hidden as those of its class, until the end: then the object is as it was. */
  readonly redefine: (object: object, key: PropertyKey, method: unknown) => void;
  /** Replaces a method by one that runs `apply`, with the name, the length and the properties of the first. */
  readonly intercept: (object: object, key: PropertyKey, original: AnyMethod, apply: Interceptor) => void;
  /** Undoes something at the end. */
  readonly undoing: (undo: Undo) => void;
  /** Whether an object that belongs to the result is seen for the first time. */
  readonly isNew: (part: object) => boolean;
  /** Stops observing, and reports nothing. */
  readonly giveUp: () => void;
}

export type AnyMethod = (...args: unknown[]) => unknown;
type Interceptor = (original: AnyMethod, self: unknown, args: unknown[]) => unknown;

/** Puts back what was replaced. */
export type Undo = () => void;

/** Defines a property on an object itself, and returns what undoes it. @throws TypeError where the object does not allow it */
export function redefine(object: object, key: PropertyKey, descriptor: PropertyDescriptor): Undo {
  const before = Reflect.getOwnPropertyDescriptor(object, key);
  const made = { ...descriptor, configurable: true, enumerable: before?.enumerable ?? false };
  Object.defineProperty(object, key, made);
  return () => {
    const now = Reflect.getOwnPropertyDescriptor(object, key);
    // Whoever has redefined it since keeps what they made.
    if (now === undefined || now.value !== made.value || now.get !== made.get) return;
    if (before === undefined) Reflect.deleteProperty(object, key);
    else Reflect.defineProperty(object, key, before);
  };
}

/** Ends the calls whose results nobody holds any more. What is held here does not hold the result. */
const abandoned = new FinalizationRegistry<() => void>((abandon) => abandon());

interface Observation {
  readonly lives: LifeOnce[];
  /** The calls that started before this returned the result from within: layers that hand it on. */
  readonly since: number;
  /** Whether it settles, once, as promises do. */
  readonly settles: boolean;
}

/** How many calls may share in one promise. A lazy one that is never run would gather them without end. */
const maxSharers = 100;

/** Results that are being observed. */
const observations = processWide('observed results', () => new WeakMap<object, Observation>());

/**
 * Lets a life share in a result that is observed already; `undefined` where it is not. In a stream only a layer that hands
 * it on may share: its call had started before. Later calls that return the same stream end at the return, or a stream that all
 * calls share would gather them without end.
 */
export function shareObservation(value: object, life: StreamLife): 'shared' | 'refused' | undefined {
  const observation = observations.get(value);
  if (observation === undefined) return undefined;
  const { lives, since, settles } = observation;
  if (life.started > since && !(settles && lives.length < maxSharers)) return 'refused';
  lives.push(lifeOf(value, life));
  return 'shared';
}

/** Starts to observe a result. @param follow what observes the value that it is fulfilled with; `false` where that is final */
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
  const over = (report: (one: LifeOnce) => void): void => {
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
    succeed: (result) => over((one) => one.succeed(result)),
    // The result itself, also where what it made was read.
    end: () => over((one) => one.end(value)),
    fail: (error) => over((one) => one.fail(error)),
    fulfil: (result) => over((one) => one.fulfil(result, follow)),
    isAwaited: () => isAwaited,
    awaits: () => {
      isAwaited = true;
    },
    redefine: (object, key, method) => undos.push(redefine(object, key, { value: method, writable: true })),
    intercept: (object, key, original, apply) =>
      // Of the method and not of the object: private fields find their own `this`.
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

type LifeOnce = ReturnType<typeof lifeOnce>;

/** A life that ends once: as garbage at the latest. */
function lifeOf(value: object, life: StreamLife): LifeOnce {
  const once = lifeOnce(life);
  abandoned.register(value, inContextOfNow(life.abandonment(value)), once.token);
  return once;
}

/** Outlives the result. It is a function of its own, since closures of one function share what they hold. */
function inContextOfNow(report: () => void): () => void {
  const inContext = contextRunner();
  return () => inContext(report);
}

function lifeOnce(life: StreamLife) {
  const { everyItem, run } = life;
  let hasItem = false;
  let hasEnded = false;
  const inContext = contextRunner();
  const token = {};
  const ending = (report: () => void): void => {
    if (hasEnded) return;
    hasEnded = true;
    abandoned.unregister(token);
    inContext(report);
  };
  return {
    token,
    run,
    item: (item: unknown) => {
      if (hasEnded || (hasItem && everyItem !== true)) return;
      hasItem = true;
      inContext(() => life.item(item));
    },
    succeed: (value: unknown) => ending(() => life.succeed(value)),
    end: (stream: object) => ending(() => life.end(stream)),
    fail: (error: unknown) => ending(() => life.fail(error)),
    fulfil: (value: unknown, follow: (value: unknown, life: StreamLife) => boolean) =>
      ending(() => {
        if (!follow(value, life)) life.succeed(value);
      }),
  };
}
