import { text } from 'node:stream/consumers';
import { ReadableStream, TransformStream, WritableStream } from 'node:stream/web';
import { types } from 'node:util';
import test from 'ava';
import { failedOnce, inProgress, once, recordedCalls } from './recorded-calls.js';

const error = new Error('broke off');
const breaking = (): ReadableStream =>
  new ReadableStream({
    start: (controller) => controller.enqueue('a'),
    pull: (controller) => controller.error(error),
  });
const counting = (): ReadableStream => {
  let n = 0;
  return new ReadableStream(
    {
      pull(controller) {
        controller.enqueue(n);
        n += 1;
        if (n === 4) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
};

async function all(stream: ReadableStream): Promise<unknown[]> {
  const chunks: unknown[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const readings: Readonly<Record<string, (stream: ReadableStream) => Promise<unknown>>> = {
  'is piped': (stream) => stream.pipeTo(new WritableStream()),
  'is piped through another': (stream) => all(stream.pipeThrough(new TransformStream())),
  'is teed': (stream) => Promise.all(stream.tee().map(all)),
};
for (const [how, read] of Object.entries(readings)) {
  test(`a web stream that fails while it ${how} is a failure`, async (t) => {
    const { api, recorded } = recordedCalls();
    await t.throwsAsync(read(api.run(breaking)), { is: error });
    t.deepEqual(recorded(), failedOnce);
  });
}

test('after a pipe that keeps its source open, the source can be read and the call is in progress', async (t) => {
  const full = (): WritableStream => {
    return new WritableStream({
      write: () => {
        throw error;
      },
    });
  };
  const readOn = async (stream: ReadableStream): Promise<unknown[]> => {
    await t.throwsAsync(stream.pipeTo(full(), { preventCancel: true }), { is: error });
    return all(stream);
  };
  const { api, recorded } = recordedCalls();
  t.deepEqual(await readOn(api.run(counting)), await readOn(counting()));
  t.deepEqual(recorded(), once);
});

test('a pipe that cannot start throws the same error and leaves the stream unchanged', async (t) => {
  const locked = new WritableStream();
  locked.getWriter();
  const { api, recorded } = recordedCalls();
  const stream = api.run(counting);
  await t.throwsAsync(stream.pipeTo(locked), { instanceOf: TypeError });
  t.throws(() => stream.pipeThrough({} as never), { instanceOf: TypeError });
  t.false(stream.locked);
  t.deepEqual(recorded(), inProgress);
  t.deepEqual(await all(stream), [0, 1, 2, 3]);
  t.deepEqual(recorded(), once);
});

test('a reader released with a pending read does not end the call', async (t) => {
  const { api, recorded } = recordedCalls();
  const stream = api.run(() => new ReadableStream());
  const reader = stream.getReader();
  const pending = reader.read();
  reader.releaseLock();
  await t.throwsAsync(pending, { instanceOf: TypeError });
  t.deepEqual(recorded(), inProgress);
  await stream.cancel();
  t.deepEqual(recorded(), once);
});

test('branches of a byte stream are byte streams, and the call ends when both are cancelled', async (t) => {
  const { api, recorded } = recordedCalls();
  const [one, other] = api
    .run(
      () =>
        new ReadableStream({ type: 'bytes', start: (controller) => controller.enqueue(new Uint8Array([1])) }),
    )
    .tee();
  const reader = one.getReader({ mode: 'byob' });
  t.deepEqual((await reader.read(new Uint8Array(1))).value, new Uint8Array([1]));
  void reader.cancel();
  t.deepEqual(recorded(), inProgress);
  void other.cancel();
  t.deepEqual(recorded(), once);
});

test('a Response can be made of a web stream, and the call ends when its body was read', async (t) => {
  const { api, recorded } = recordedCalls();
  const response = new Response(api.run(() => new Blob(['ab']).stream()));
  t.deepEqual(recorded(), inProgress);
  t.is(await text(response.body as ReadableStream), 'ab');
  t.deepEqual(recorded(), once);
});

test('a method of a web stream that is called on another one does not end the call', async (t) => {
  const { api, recorded } = recordedCalls();
  const stream = api.run(counting);
  const written: unknown[] = [];
  await stream.pipeTo.call(counting(), new WritableStream({ write: (chunk) => void written.push(chunk) }));
  t.deepEqual(written, [0, 1, 2, 3]);
  await stream.cancel.call(counting());
  t.deepEqual(recorded(), inProgress);
});

test('an iterator of a web stream that is made after its end is not observed', async (t) => {
  const { api, recorded } = recordedCalls();
  const stream = api.run(counting);
  const { values } = stream;
  await stream.cancel();
  t.deepEqual(recorded(), once);
  const iterator = values.call(stream);
  t.false(types.isProxy(iterator.next));
  t.deepEqual(await iterator.next(), { done: true, value: undefined });
});

test('a pipe of a locked web stream is rejected, as without decorators', async (t) => {
  const { api, recorded } = recordedCalls();
  const stream = api.run(counting);
  stream.getReader();
  await t.throwsAsync(() => stream.pipeTo(new WritableStream()), { instanceOf: TypeError });
  t.deepEqual(recorded(), inProgress);
});

test('a destination that fails cancels the web stream that is piped to it', async (t) => {
  const { api, recorded } = recordedCalls();
  const reasons: unknown[] = [];
  const stream = api.run(
    () =>
      new ReadableStream({
        pull: (controller) => controller.enqueue('a'),
        cancel: (reason) => void reasons.push(reason),
      }),
  );
  const full = new WritableStream({
    write() {
      throw error;
    },
  });
  await t.throwsAsync(() => stream.pipeTo(full), { is: error });
  t.deepEqual(reasons, [error]);
  t.deepEqual(recorded(), once);
});
