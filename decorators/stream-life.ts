/** What the kinds of stream have in common: what is told of them, and how they are observed in place. */

/** What is told of a stream: items, then one of the other three, once. */
export interface StreamLife {
  /** At the first item. */
  readonly item: () => void;
  /** It was read to its end, or left early. */
  readonly end: (stream: object) => void;
  /** Reading it threw. */
  readonly fail: (error: unknown) => void;
  /** It was collected as garbage before its end. */
  readonly abandon: () => void;
}

/** Defines a method on the object itself, as hidden as those of its class. */
export function redefine(object: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(object, key, { value, configurable: true, enumerable: false, writable: true });
}
