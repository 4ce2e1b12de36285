/** `@TracksGauge` as legacy decorators apply it to properties; test/legacy/gauge-property.test.ts compiles such classes. */
import test from 'ava';
import { TracksGauge } from '../../decorators/index.js';
import { metricsRecordingErrors } from '../../lib/catalogue/self.js';
import { defineGauge } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { createTestRegistry, readValue } from '../../lib/testing.js';

const depth = defineGauge({ name: 'depth', help: 'Depth.', labels: { queue: label() } });

type Legacy = (...at: unknown[]) => unknown;

class Queue {
  declare size?: number | undefined;
  constructor(size?: number) {
    this.size = size;
  }
}

/** A class whose property is followed, and what the gauge shows. */
function followed(options: object = {}) {
  const registry = createTestRegistry();
  class Followed extends Queue {}
  const decorate = TracksGauge(depth, { registry, labels: { queue: 'all' }, ...options }) as Legacy;
  decorate(Followed.prototype, 'size');
  return { Followed, registry, gauge: () => readValue(registry, depth, { queue: 'all' }) };
}

test('the gauge follows a property of each instance, from its first value on', (t) => {
  const { Followed, registry, gauge } = followed();
  const [one, other] = [new Followed(3), new Followed(4)];
  t.is(gauge(), 4);
  one.size = 7;
  t.is(gauge(), 7);
  t.deepEqual([one.size, other.size], [7, 4]);
  one.size = undefined;
  t.is(one.size, undefined);
  t.is(gauge(), 7, 'undefined leaves the gauge as it is');
  t.deepEqual(registry.warnings, []);
});

test('a followed property is an own property, as without a decorator', (t) => {
  const { Followed } = followed();
  t.is(Followed.prototype.size, undefined);
  const queue = new Followed(3);
  t.deepEqual({ ...queue }, { size: 3 });
  t.true(delete queue.size);
  t.is(queue.size, undefined);
  queue.size = 5;
  t.deepEqual(Object.keys(queue), ['size']);
});

test('an object that inherits from an instance gets a property of its own', (t) => {
  const { Followed, gauge } = followed();
  const queue = new Followed(3);
  const child = Object.create(queue) as Queue;
  t.is(child.size, 3);
  child.size = 9;
  t.deepEqual([queue.size, child.size, gauge()], [3, 9, 9]);
});

test('a followed property of a sealed object can be set, and one of a class can be defined again', (t) => {
  const { Followed, gauge } = followed();
  const queue = Object.seal(new Followed(3));
  queue.size = 5;
  t.deepEqual([queue.size, gauge()], [5, 5]);
  Object.defineProperty(Followed.prototype, 'size', { value: 6 });
  t.is(Followed.prototype.size, 6);
});

test('the gauge follows a function of the value, which sees a call that returned it', (t) => {
  const calls: unknown[] = [];
  const { Followed, gauge } = followed({
    set: (call: object) => {
      calls.push(call);
      return 42;
    },
  });
  const queue = new Followed(3);
  t.is(gauge(), 42);
  t.deepEqual(calls, [
    { instance: queue, args: [3], result: 3, error: undefined, outcome: 'success', abandoned: false },
  ]);
});

test('an invalid value is kept by the property, and counted', (t) => {
  const { Followed, registry, gauge } = followed();
  const queue = new Followed('many' as never);
  t.is(queue.size as unknown, 'many');
  t.is(gauge(), 0);
  t.is(readValue(registry, metricsRecordingErrors, { metric: 'depth', reason: 'value' }), 1);
});

test('a label that fails is counted once, and the property is set', (t) => {
  const { Followed, registry } = followed({
    labels: {
      queue: () => {
        throw new Error('no queue');
      },
    },
  });
  t.is(new Followed(3).size, 3);
  const errors = (reason: string) => readValue(registry, metricsRecordingErrors, { metric: 'depth', reason });
  t.deepEqual([errors('label'), errors('value')], [1, undefined]);
});

test('a property with a symbol as its key is followed', (t) => {
  const registry = createTestRegistry();
  const size = Symbol('size');
  const prototype = {};
  const target: { [size]?: number } = Object.create(prototype);
  const decorate = TracksGauge(depth, { registry, labels: { queue: 'all' } }) as Legacy;
  decorate(prototype, size);
  target[size] = 6;
  t.is(readValue(registry, depth, { queue: 'all' }), 6);
});

test('a legacy accessor is followed, and still sets its value', (t) => {
  const registry = createTestRegistry();
  const decorate = TracksGauge(depth, { registry, labels: { queue: 'all' } }) as Legacy;
  const written: unknown[] = [];
  const descriptor = {
    get: () => 1,
    set(value: unknown) {
      written.push(this, value);
    },
  };
  const instance = {};
  const made = decorate({}, 'size', descriptor) as typeof descriptor;
  made.set.call(instance, 5);
  t.deepEqual(written, [instance, 5]);
  t.is(readValue(registry, depth, { queue: 'all' }), 5);
});

test('a property that its class defines as a field is an error with a remedy', (t) => {
  class Defined {
    size = 3;
  }
  const decorate = TracksGauge(depth, { labels: { queue: 'all' } }) as Legacy;
  t.throws(() => decorate(Defined.prototype, 'size'), {
    code: 'ERR_METRICS_INVALID_DECORATION',
    message: /cannot follow the property `size`.*Write `accessor size`/,
  });
  t.notThrows(() => decorate(Defined.prototype, 'other'));
});

test('a gauge without a property or a method is an error', (t) => {
  const decorate = TracksGauge(depth, { labels: { queue: 'all' } }) as Legacy;
  for (const at of [
    [class {}],
    [class {}, 'size'],
    [{}, 5],
    [{}, null],
    [{}, 'size', null],
    [{}, 'size', 5],
    [{}, 'size', {}],
    [{}, 'size', { get: () => 1 }],
    [{}, 'size', { set() {} }],
    [{}, 'size', { get: () => 1, set: undefined }],
    [{}, 'size', { get: undefined, set() {} }],
    [undefined, { kind: 'field', name: 'size' }],
  ])
    t.throws(() => decorate(...at), { code: 'ERR_METRICS_INVALID_DECORATION' });
  t.throws(() => (TracksGauge() as Legacy)({}, 'size'), {
    message: /cannot decorate `size`.*Give it the gauge that follows the property/,
  });
});
