import test from 'ava';
import { Instrumented, TracksGauge } from '../../decorators/index.js';
import { metricsRecordingErrors } from '../../lib/catalogue/self.js';
import { defineGauge } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { createTestRegistry, readValue } from '../../lib/testing.js';

// Standard mode only; properties in legacy mode are in test/legacy/gauge-property.test.ts.
const depth = defineGauge({ name: 'depth', help: 'Depth.', labels: { queue: label() } });

test('a gauge on a standard accessor follows its value', (t) => {
  const registry = createTestRegistry();
  class Queue {
    readonly name: string;
    @TracksGauge(depth, { registry, labels: { queue: 'all' } })
    accessor size = 3;
    @TracksGauge(depth, {
      registry,
      labels: { queue: ({ instance }) => instance.name },
      set: ({ result }) => (result as string[]).length,
    })
    accessor jobs: string[] = [];
    constructor(name: string) {
      this.name = name;
    }
  }
  const queue = new Queue('mail');
  t.is(readValue(registry, depth, { queue: 'all' }), 3, 'from its first value on');
  queue.size += 2;
  t.is(queue.size, 5);
  t.is(readValue(registry, depth, { queue: 'all' }), 5);
  queue.jobs = ['a', 'b'];
  t.deepEqual(queue.jobs, ['a', 'b']);
  t.is(readValue(registry, depth, { queue: 'mail' }), 2);
});

test('an invalid value is kept by the property and counted as a recording error', (t) => {
  const registry = createTestRegistry();
  class Queue {
    @TracksGauge(depth, { registry, labels: { queue: 'odd' } })
    accessor size: unknown = 1;
  }
  const queue = new Queue();
  queue.size = 'many';
  t.is(queue.size, 'many');
  t.is(readValue(registry, depth, { queue: 'odd' }), 1);
  t.is(readValue(registry, metricsRecordingErrors, { metric: 'depth', reason: 'value' }), 1);
});

test('a gauge on an accessor has the registry of its class', (t) => {
  const registry = createTestRegistry();
  @Instrumented({ registry })
  class Queue {
    @TracksGauge(depth, { labels: { queue: 'all' } })
    accessor size = 3;
  }
  new Queue().size = 4;
  t.is(readValue(registry, depth, { queue: 'all' }), 4);
});

test('@TracksGauge on an accessor without a gauge is an error that says what is missing', (t) => {
  const use = TracksGauge() as (...at: unknown[]) => unknown;
  t.throws(() => use({}, { kind: 'accessor', name: 'size' }), {
    code: 'ERR_METRICS_INVALID_DECORATION',
    message:
      /@TracksGauge\(\) cannot decorate `size`: expected a method, received a property\. Give it the gauge/,
  });
});
