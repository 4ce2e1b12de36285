/**
 * The event streams of the AI SDKs, as `messages.stream()` and `chat.completions.stream()` return them: they run whether or
 * not anyone iterates, and report by events. Known by their shape, since no SDK is a dependency.
 */
import type { AnyMethod, ObservedLife } from './stream-life.js';

/** What Anthropic's and OpenAI's event streams have in common. */
interface EventStream {
  on(event: string, listener: unknown): unknown;
  abort(): void;
  _emit(event: string, ...args: unknown[]): void;
}

/** The events that hand on what the API sent: Anthropic's, OpenAI's chat completions' and responses'. */
const itemEvents: ReadonlySet<unknown> = new Set(['streamEvent', 'chunk', 'event']);

export function isEventStream(value: object): value is EventStream {
  const { on, abort, _emit } = value as Partial<Record<keyof EventStream, unknown>>;
  return typeof on === 'function' && typeof abort === 'function' && typeof _emit === 'function';
}

export function followEventStream(stream: EventStream, life: ObservedLife): void {
  // Not by listeners: one for errors would count as handling them, and an error that nobody handles must stay one.
  life.intercept(stream, '_emit', stream._emit as AnyMethod, (original, self, args) => {
    const [event, first] = args;
    if (itemEvents.has(event)) life.item(first);
    else if (event === 'error') life.fail(first);
    // An abort is followed by `end`: the reader left.
    else if (event === 'end') life.end();
    return Reflect.apply(original, self, args);
  });
}
