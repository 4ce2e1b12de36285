/** Event emitters among the results: userland streams, cursors, readline, subprocesses. Observed without a listener. */
import type { AnyMethod, ObservedLife } from './stream-life.js';

interface Emitter {
  on: unknown;
  emit: unknown;
}

const ends: ReadonlySet<unknown> = new Set(['end', 'close']);

export function isEmitter(value: object): value is Emitter {
  const { on, emit } = value as Partial<Emitter>;
  return typeof on === 'function' && typeof emit === 'function';
}

export function followEmitter(emitter: Emitter, life: ObservedLife): void {
  // Not by listeners: one for errors would handle them, and one for data would start the flow.
  life.intercept(emitter, 'emit', emitter.emit as AnyMethod, (original, self, args) => {
    const [event, first] = args;
    // Of a stream that is read as well, `finish` is the end of its writing side alone.
    const isEnd = ends.has(event) || (event === 'finish' && !('pipe' in emitter));
    if (self === emitter && !life.isAwaited()) {
      if (event === 'data') life.item(first);
      else if (event === 'error') life.fail(first);
      else if (isEnd) life.end();
    }
    return Reflect.apply(original, self, args);
  });
}
