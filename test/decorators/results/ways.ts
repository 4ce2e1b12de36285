/** Everything that a caller can do with a value. Each way returns a log as text, by which two runs are compared. */
import { Writable } from 'node:stream';
import { WritableStream } from 'node:stream/web';
import { inspect, types } from 'node:util';

/** A value on which any property may be read; missing ones are `undefined`. */
interface Any {
  readonly [name: string | symbol]: ((...args: unknown[]) => unknown) | undefined;
}

type Ways = Readonly<Record<string, (value: Any) => unknown>>;

/** Inspects the value without consuming it. */
const looks: Ways = {
  typeof: (value) => typeof value,
  'String()': (value) =>
    typeof value === 'object' && value !== null ? Object.prototype.toString.call(value) : String(value),
  JSON: (value) => JSON.stringify(value, (_key, inner) => (typeof inner === 'bigint' ? `${inner}` : inner)),
  'Object.keys': (value) => Object.keys(value),
  spread: (value) => Object.keys({ ...value }),
  structuredClone: (value) => {
    try {
      return inspect(structuredClone(value));
    } catch (error) {
      // V8's text contains the class name, which a property `constructor` hides.
      return (error as Error).name;
    }
  },
  prototype: (value) => Reflect.getPrototypeOf(value)?.constructor?.name,
  'util.types': (value) =>
    Object.entries(types)
      .filter(([, is]) => is(value))
      .map(([name]) => name),
  'own and inherited properties': (value) => properties(value),
  'is extensible': (value) => [Object.isExtensible(value), Object.isFrozen(value), Object.isSealed(value)],
  'constructor property': (value) => (value as { constructor?: { name?: string } }).constructor?.name,
  'is thenable': (value) => typeof value?.then,
};

/** Consumes the value. */
const uses: Ways = {
  await: async (value) => await value,
  'then with handlers': (value) =>
    value.then?.(
      (result: unknown) => ['fulfilled', result],
      (error: unknown) => ['rejected', error],
    ),
  'then without handlers': async (value) => await value.then?.(),
  catch: (value) => value.catch?.((error: unknown) => ['caught', error]),
  finally: (value) => value.finally?.(() => 'ignored'),
  'Promise.all': (value) => Promise.all([value]),
  'Promise.allSettled': (value) => Promise.allSettled([value]),
  'Promise.race': (value) => Promise.race([value]),
  'returned from an async function': (value) => (async () => value)(),
  asResponse: (value) => value.asResponse?.(),
  exec: (value) => value.exec?.(),
  'for await': async (value) => {
    const items: unknown[] = [];
    for await (const item of value as unknown as AsyncIterable<unknown>) items.push(item);
    return items;
  },
  'for await, left early': async (value) => {
    for await (const item of value as unknown as AsyncIterable<unknown>) return item;
    return 'none';
  },
  'for of': (value) => [...(value as unknown as Iterable<unknown>)],
  'next by hand': async (value) => {
    const steps: unknown[] = [];
    for (let turn = 0; turn < 4; turn++) steps.push(await value.next?.());
    return steps;
  },
  toArray: (value) => value.toArray?.(),
  pipe: (value) =>
    new Promise((resolve, reject) => {
      const chunks: string[] = [];
      const sink = new Writable({
        objectMode: true,
        write: (chunk, _, done) => done(void chunks.push(String(chunk))),
      });
      sink.on('finish', () => resolve(chunks)).on('error', reject);
      if (typeof value.pipe === 'function' && !isDestroyed(value)) value.pipe(sink);
      else resolve('no pipe');
    }),
  "on('data')": (value) =>
    new Promise((resolve) => {
      if (typeof value.pipe !== 'function') return resolve('no stream');
      const chunks: string[] = [];
      value.on?.('data', (chunk: unknown) => chunks.push(String(chunk)));
      value.on?.('close', () => resolve(chunks));
      if (isDestroyed(value)) resolve('destroyed');
    }),
  "on('close')": (value) =>
    new Promise((resolve) => {
      if (typeof value.once !== 'function' || typeof value[Symbol.asyncIterator] !== 'function')
        return resolve('none');
      value.once('close', () => setImmediate(resolve, 'closed'));
      value.resume?.();
      if (isDestroyed(value)) resolve('destroyed');
    }),
  getReader: async (value) => {
    const reader = (value as unknown as ReadableStream).getReader();
    const chunks: unknown[] = [];
    for (let step = await reader.read(); !step.done; step = await reader.read()) chunks.push(step.value);
    return chunks;
  },
  tee: async (value) => {
    const [one, other] = (value as unknown as ReadableStream).tee();
    return Promise.all([uses.getReader?.(one as never), uses.getReader?.(other as never)]);
  },
  pipeTo: async (value) => {
    const chunks: unknown[] = [];
    await value.pipeTo?.(new WritableStream({ write: (chunk) => void chunks.push(chunk) }));
    return chunks;
  },
  cancel: (value) => value.cancel?.(),
};

export const ways: ReadonlyMap<string, (value: Any) => unknown> = new Map(
  Object.entries({ ...looks, ...uses }),
);

function isDestroyed(value: Any): boolean {
  return (value as { destroyed?: unknown }).destroyed === true;
}

/** The log of `way` for a value. @param after is called synchronously with the value, before anything else can happen */
export async function seen(
  way: (value: Any) => unknown,
  value: unknown,
  after: (value: unknown) => void,
): Promise<string> {
  try {
    const result = way(value as Any);
    after(value);
    return shown(await result);
  } catch (error) {
    after(value);
    return `threw ${shown(error)}`;
  }
}

function shown(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !isPlain(value)) {
    return Object.prototype.toString.call(value);
  }
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`;
  return inspect(value);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Reflect.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The name and type of each property, and name and length of functions; `then` and similar included. */
function properties(value: object): string[] {
  const found = new Set<string>();
  for (let at: object | null = value; at !== null; at = Reflect.getPrototypeOf(at)) {
    for (const key of Reflect.ownKeys(at)) {
      // Numbers of a subprocess or a timer differ from run to run; their type does not.
      found.add(`${String(key)} ${described(value, key)}`);
    }
  }
  return [...found].sort();
}

function described(value: object, key: PropertyKey): string {
  try {
    const property: unknown = Reflect.get(value, key);
    return typeof property === 'function' ? `function ${property.name} ${property.length}` : typeof property;
  } catch (error) {
    return `throws ${(error as Error).name}`;
  }
}
