/** What the kinds of stream have in common: what is told of them, and how they are observed in place. */

/** What is told of a stream: items, then one of the other three, once. */
export interface StreamLife {
  /** At the first item, or at each: a token, a chunk, an event, as the reader gets it. */
  readonly item: (item: unknown) => void;
  /** It was read to its end, or left early. */
  readonly end: (stream: object) => void;
  /** Reading it threw. */
  readonly fail: (error: unknown) => void;
  /** It was collected as garbage before its end. */
  readonly abandon: () => void;
  /** Whether `item` is told of each item. Default: of the first. */
  readonly everyItem?: boolean;
  /** Runs the steps of an iterator, whose body is the work of the call. Default: they run as they are. */
  readonly run?: (<T>(step: () => T) => T) | undefined;
}

/** A life that is being observed: told of one end only. */
export interface ObservedLife extends StreamLife {
  /**
   * Defines a method on an object itself, as hidden as those of its class, until the end: then the object is as it was,
   * and can be returned by another call.
   */
  readonly redefine: (object: object, key: PropertyKey, method: unknown) => void;
  /** Whether an iterator is seen for the first time. A stream may give the same one each time it is asked. */
  readonly isNew: (iterator: object) => boolean;
}

/** Puts back what `redefine` replaced. */
export type Undo = () => void;

/** Defines a method on an object itself and tells how to undo it. */
export function redefine(object: object, key: PropertyKey, method: unknown): Undo {
  const before = Reflect.getOwnPropertyDescriptor(object, key);
  Object.defineProperty(object, key, {
    value: method,
    configurable: true,
    enumerable: false,
    writable: true,
  });
  return () => {
    // Whoever has redefined it since keeps what they made.
    if (Reflect.getOwnPropertyDescriptor(object, key)?.value !== method) return;
    if (before === undefined) Reflect.deleteProperty(object, key);
    else Reflect.defineProperty(object, key, before);
  };
}
