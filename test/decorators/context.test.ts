import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { Counted, fromContext, withLabels } from '../../decorators/index.js';
import { defineCounter } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { createTestRegistry, readValue } from '../../lib/testing.js';

const calls = defineCounter({
  name: 'calls_total',
  help: 'Calls.',
  labels: { workflow_type: label(), step: label() },
});

function subject() {
  const registry = createTestRegistry();
  class Worker {
    @Counted(calls, {
      registry,
      labels: { workflow_type: fromContext('workflow_type', 'none'), step: fromContext('step') },
    })
    async run(turns = 1): Promise<void> {
      for (let count = 0; count < turns; count++) await turn();
    }
    @Counted(calls, {
      registry,
      labels: { workflow_type: fromContext('workflow_type', 'none'), step: 'stream' },
    })
    async *stream(): AsyncGenerator<number> {
      await this.run();
      yield 1;
      await this.run();
    }
  }
  const count = (workflow_type: string, step = ''): number =>
    readValue(registry, calls, { workflow_type, step }) ?? 0;
  return { worker: new Worker(), count };
}

test('labels of withLabels reach every recording within it, through awaits', async (t) => {
  const { worker, count } = subject();
  await worker.run();
  const result = await withLabels({ workflow_type: 'issue' }, async () => {
    await worker.run();
    await turn();
    await withLabels({ step: 'plan' }, () => worker.run());
    await worker.run();
    return 'done';
  });
  await worker.run();
  t.is(result, 'done');
  t.is(count('none'), 2);
  t.is(count('issue'), 2);
  t.is(count('issue', 'plan'), 1, 'inner labels are added to the outer ones');
});

test('interleaved async work does not mix its labels', async (t) => {
  const { worker, count } = subject();
  await Promise.all(
    Array.from({ length: 30 }, (_, index) =>
      withLabels({ workflow_type: `type-${index % 3}` }, () => worker.run(1 + (index % 5))),
    ),
  );
  t.deepEqual(
    [0, 1, 2].map((type) => count(`type-${type}`)),
    [10, 10, 10],
  );
});

test('the body of a generator has the labels of its call, regardless of where it is read', async (t) => {
  const { worker, count } = subject();
  const decorated = withLabels({ workflow_type: 'issue' }, () => worker.stream());
  for await (const _ of decorated);
  t.is(count('issue'), 2);
  t.is(count('issue', 'stream'), 1);

  const plain = withLabels({ workflow_type: 'review' }, async function* () {
    await worker.run();
    yield 1;
    await worker.run();
  });
  for await (const _ of plain);
  t.is(count('review'), 2, 'also if the generator itself is not decorated');
  t.is(count('none'), 0);
});

test('a stream that is not returned by withLabels, but made within it, has its labels', async (t) => {
  const { worker, count } = subject();
  const streams: AsyncGenerator<number>[] = [];
  withLabels({ workflow_type: 'issue' }, () => {
    streams.push(worker.stream());
  });
  for (const stream of streams) for await (const _ of stream);
  t.is(count('issue', 'stream'), 1);
  t.is(count('issue'), 2, 'so do the calls in its body');
});

test('a stream that is made without labels has those that are set where it is read', async (t) => {
  const { worker, count } = subject();
  const stream = worker.stream();
  await withLabels({ workflow_type: 'review' }, async () => {
    for await (const _ of stream);
  });
  t.is(count('review'), 2, 'the calls in its body');
});

test('a generator may get labels twice, and its methods may be replaced', (t) => {
  const labelled = withLabels({ a: 1 }, () =>
    withLabels({ b: 2 }, function* () {
      yield 1;
      yield 2;
    }),
  );
  t.deepEqual(labelled.next(), { value: 1, done: false });
  labelled.next = () => ({ value: 1, done: false });
  t.deepEqual(labelled.next(), { value: 1, done: false });
});

test('withLabels returns the result of the function and passes on its errors', (t) => {
  const value = {};
  t.is(
    withLabels({ a: 1 }, () => value),
    value,
  );
  const error = new Error('no');
  t.throws(
    () =>
      withLabels({ a: true }, () => {
        throw error;
      }),
    { is: error },
  );
});

test('withLabels returns what its function returns, as it is', (t) => {
  const iterator = { next: () => ({ done: true, value: undefined }) };
  for (const result of [undefined, null, 5, 'text', iterator])
    t.is(
      withLabels({ step: 'a' }, () => result),
      result,
    );
  t.deepEqual(Reflect.ownKeys(iterator), ['next']);
});

test('a stream that is made within withLabels and read outside of it has its labels', async (t) => {
  const { worker, count } = subject();
  const stream = withLabels({ workflow_type: 'issue' }, () => worker.stream());
  for await (const _ of stream);
  t.is(count('issue', 'stream'), 1);
  t.is(count('issue'), 2, 'so do the calls in its body');
  t.is(count('none'), 0);
});

test('a generator with labels can be returned by a decorated method, and is in progress until it ends', (t) => {
  const registry = createTestRegistry();
  class Worker {
    @Counted(calls, { registry, labels: { workflow_type: 'issue', step: 'generator' } })
    run(): Generator<number> {
      return withLabels({ step: 'a' }, function* () {
        yield 1;
      });
    }
  }
  const generator = new Worker().run();
  const count = () => readValue(registry, calls, { workflow_type: 'issue', step: 'generator' });
  t.is(count(), 0);
  t.deepEqual([...generator], [1]);
  t.is(count(), 1);
});
