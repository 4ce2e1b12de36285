/** Kinds of values that methods return, by when their calls end. */
import { EventEmitter } from 'node:events';
import { createInterface } from 'node:readline';
import { Duplex, PassThrough, Readable, Transform } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { setTimeout as sleep } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import Bluebird from 'bluebird';
import PLazy from 'p-lazy';

/** When a call that returns such a value is over. */
export type Ending =
  | 'at the return'
  | 'settled'
  | 'iterated'
  | 'stepped'
  | 'node stream'
  | 'web stream'
  | 'closed';

export interface Kind {
  readonly make: () => unknown;
  readonly ends: Ending;
  readonly fails?: boolean;
}

/** Named once: a `then` in an object is what is tested here, and nothing that anyone should write. */
const then = 'then';

const failure = new Error('failed');

class SubPromise<T> extends Promise<T> {
  readonly #secret = 7;
  secret(): number {
    return this.#secret;
  }
}

/** Like the promises of AI SDKs: an inner promise, to which `then` and other methods lead. */
class SdkPromise extends Promise<string> {
  readonly #response: () => Promise<{ body: string }>;
  #parsed: Promise<string> | undefined;
  constructor(response: () => Promise<{ body: string }>) {
    super((resolve) => resolve(''));
    this.#response = response;
  }
  asResponse(): Promise<{ body: string }> {
    return this.#response();
  }
  parse(): Promise<string> {
    this.#parsed ??= this.#response().then(({ body }) => body);
    return this.#parsed;
  }
  override [then]<A = string, B = never>(
    onFulfilled?: ((value: string) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.parse().then(onFulfilled, onRejected);
  }
}

class Query {
  readonly table = 'users';
  constructor(readonly run: () => Promise<number[]>) {}
  where(): this {
    return this;
  }
  exec(): Promise<number[]> {
    return this.run();
  }
  [then]<R>(onFulfilled: (rows: number[]) => R, onRejected: (error: unknown) => R): Promise<R> {
    return this.exec().then(onFulfilled, onRejected);
  }
}

class Cursor {
  readonly rows = [{ id: 1, done: true }, { id: 2 }];
  async next(): Promise<object | null> {
    return this.rows.shift() ?? null;
  }
  async toArray(): Promise<object[]> {
    return this.rows.splice(0);
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<object> {
    for (let row = await this.next(); row !== null; row = await this.next()) yield row;
  }
}

class SdkStream {
  readonly controller = new AbortController();
  async *[Symbol.asyncIterator](): AsyncGenerator<number> {
    yield* [1, 2];
  }
}

class Page {
  readonly items = [1, 2];
  hasNextPage(): boolean {
    return false;
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<number> {
    yield* this.items;
  }
}

function selfIterating(): object {
  let n = 0;
  return {
    next: async () => ({ done: n === 2, value: n++ }),
    return: async () => ({ done: true, value: undefined }),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function* counting(): Generator<number, string> {
  yield* [1, 2];
  return 'done';
}
async function* asyncCounting(): AsyncGenerator<number, string> {
  yield* [1, 2];
  return 'done';
}

function ended(): Readable {
  const stream = Readable.from(['a']);
  stream.destroy();
  return stream;
}

const at = (ends: Ending, makes: Readonly<Record<string, () => unknown>>, fails = false): [string, Kind][] =>
  Object.entries(makes).map(([name, make]) => [name, { make, ends, fails }]);

export const kinds: ReadonlyMap<string, Kind> = new Map([
  ...at('at the return', {
    undefined: () => undefined,
    null: () => null,
    number: () => 4,
    NaN: () => Number.NaN,
    bigint: () => 4n,
    string: () => 'text',
    boolean: () => false,
    symbol: () => Symbol.for('shared'),
    function: () => function named(_a: number) {},
    class: () => Page,
    object: () => ({ a: 1, nested: { b: 2 } }),
    'object without prototype': () => Object.assign(Object.create(null), { a: 1 }),
    'frozen object': () => Object.freeze({ a: 1 }),
    'object with a field done': () => ({ done: true, value: 1 }),
    'object with a getter that throws': () => ({
      get broken() {
        throw failure;
      },
    }),
    array: () => [1, 2],
    map: () => new Map([[1, 2]]),
    set: () => new Set([1]),
    weakmap: () => new WeakMap(),
    date: () => new Date(0),
    regexp: () => /a/g,
    error: () => failure,
    buffer: () => Buffer.from('ab'),
    'typed array': () => new Float64Array([1, 2]),
    'array buffer': () => new ArrayBuffer(4),
    url: () => new URL('http://localhost/a?b=1'),
    'url search params': () => new URLSearchParams('a=1'),
    headers: () => new Headers({ a: '1' }),
    response: () => new Response('body'),
    blob: () => new Blob(['ab']),
    'event emitter': () => new EventEmitter(),
    'abort controller': () => new AbortController(),
    'proxy of an object': () => new Proxy({ a: 1 }, {}),
    'object of another realm': () => runInNewContext('({ a: 1 })') as unknown,
    'array iterator': () => [1, 2].values(),
    'sync iterable': () => ({ [Symbol.iterator]: () => [1, 2].values() }),
    'page of a list': () => new Page(),
    'frozen thenable': () => Object.freeze(new Query(async () => [1])),
    'frozen promise subclass': () => Object.freeze(SubPromise.resolve(1)),
    'destroyed stream': ended,
    'locked web stream': () => {
      const stream = new ReadableStream();
      stream.getReader();
      return stream;
    },
  }),
  ...at('settled', {
    'async function': async () => 5,
    'async function with an object': async () => ({ a: 1 }),
    'promise of a delay': () => sleep(1, 'late'),
    'promise subclass': () => SubPromise.resolve(5),
    'promise subclass with a private field': () => new SubPromise((resolve) => setImmediate(resolve, 5)),
    'promise with own methods': () =>
      Object.assign(Promise.resolve(5), { child: { pid: 1 }, json: async () => ({}) }),
    'promise of another realm': () => runInNewContext('Promise.resolve(5)') as unknown,
    "an SDK's promise": () => new SdkPromise(async () => ({ body: 'text' })),
    'lazy promise': () => PLazy.from(() => 5),
    bluebird: () => Bluebird.resolve(5),
    query: () => new Query(async () => [1, 2]),
    'object with a then': () => ({
      a: 1,
      [then]: (...handlers: Parameters<Promise<number>['then']>) => Promise.resolve(5).then(...handlers),
    }),
    'proxy of a promise subclass': () => {
      const promise = SubPromise.resolve(5);
      return new Proxy(promise, {
        get: (target, key) => {
          const value: unknown = Reflect.get(target, key);
          return typeof value === 'function' && key !== 'constructor'
            ? (...args: unknown[]) => Reflect.apply(value, target, args)
            : value;
        },
      });
    },
  }),
  ...at(
    'settled',
    {
      'rejected async function': async () => {
        throw failure;
      },
      'rejected promise subclass': () => SubPromise.reject(failure),
      'rejected promise with own methods': () => Object.assign(Promise.reject(failure), { child: 1 }),
      "an SDK's rejected promise": () =>
        new SdkPromise(async () => {
          throw failure;
        }),
      'rejected lazy promise': () =>
        PLazy.from(() => {
          throw failure;
        }),
      'rejected bluebird': () => new Bluebird((_, reject) => setImmediate(reject, failure)),
      'query whose `then` throws': () => ({
        [then]() {
          throw failure;
        },
      }),
      'rejected query': () =>
        new Query(async () => {
          throw failure;
        }),
    },
    true,
  ),
  ...at('stepped', { generator: counting }),
  ...at('iterated', {
    'async generator': asyncCounting,
    'object that iterates itself': selfIterating,
    "an SDK's stream": () => new SdkStream(),
    cursor: () => new Cursor(),
    'async iterable with a frozen iterator': () => ({
      [Symbol.asyncIterator]: () => Object.freeze(asyncCounting()),
    }),
    'async iterable with a private field': () => {
      class Private {
        readonly #items = [1, 2];
        async *[Symbol.asyncIterator]() {
          yield* this.#items;
        }
      }
      return new Private();
    },
  }),
  ...at('node stream', {
    'readable of strings': () => Readable.from(['a', 'b']),
    'readable of buffers': () =>
      new Readable({
        read() {
          this.push('ab');
          this.push(null);
        },
      }),
    'pass-through': () => new PassThrough().end('ab'),
    transform: () => new Transform({ transform: (chunk, _, done) => done(null, chunk) }).end('ab'),
    duplex: () => Duplex.from({ readable: Readable.from(['a', 'b']) }),
  }),
  ...at('web stream', {
    'web stream': () => ReadableStream.from(['a', 'b']),
    'body of a response': () => new Response('ab').body,
    'stream of a blob': () => new Blob(['ab']).stream(),
  }),
  ...at('closed', {
    readline: () => createInterface(Readable.from(['a\n', 'b\n'])),
    'event emitter that can be iterated': () => {
      const emitter = new EventEmitter();
      setImmediate(() => emitter.emit('close'));
      return Object.assign(emitter, { [Symbol.asyncIterator]: asyncCounting });
    },
  }),
]);
