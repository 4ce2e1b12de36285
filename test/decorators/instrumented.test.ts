// In a process of its own: it records in the shared registry.
import { randomUUID } from 'node:crypto';
import test from 'ava';
import { Counted, fromClass, getInstrumentation, Instrumented, Timed } from '../../decorators/index.js';
import { methodCalls, methodCallsInProgress, methodDuration } from '../../lib/catalogue/method.js';
import { metricsRecordingErrors } from '../../lib/catalogue/self.js';
import { defineCounter } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { sharedRegistry } from '../../lib/registry.js';
import {
  createTestRegistry,
  readHistogram,
  readSamples,
  readValue,
  type TestRegistry,
} from '../../lib/testing.js';

const calls = defineCounter({
  name: 'provider_calls_total',
  help: 'Calls.',
  labels: { provider: label(), region: label() },
});
const key = Symbol('key');

async function counted(registry: TestRegistry): Promise<string[]> {
  const samples = await readSamples(registry, methodCalls);
  return samples.map(({ labels, value }) => `${labels.class}.${labels.method} ${labels.outcome} ${value}`);
}

/** The name of a counter that is not in the shared registry yet. */
const newName = (): string => `shared_${randomUUID().replaceAll('-', '')}_total`;
const newCounter = () => defineCounter({ name: newName(), help: 'Shared.', labels: {} });

test('instance and static methods record in the registry and with the labels of @Instrumented', (t) => {
  const registry = createTestRegistry();
  @Instrumented({ labels: { provider: 'claude', region: ({ args }) => String(args[0]) }, registry })
  class Provider {
    @Counted(calls, { labels: { provider: fromClass('provider'), region: fromClass('region') } })
    send(_region: string): void {}
    @Counted(calls, { labels: { provider: fromClass('provider'), region: 'static' } })
    static make(): Provider {
      return new Provider();
    }
    @Counted(calls, { labels: { provider: 'own', region: fromClass('nowhere', 'fallback') } })
    own(): void {}
  }
  const provider = Provider.make();
  provider.send('eu');
  provider.own();
  for (const labels of [
    { provider: 'claude', region: 'eu' },
    { provider: 'claude', region: 'static' },
    { provider: 'own', region: 'fallback' },
  ]) {
    t.is(readValue(registry, calls, labels), 1, JSON.stringify(labels));
  }
  t.is(sharedRegistry.get(calls.name), undefined, 'nothing is recorded in the shared registry');
});

test('labels and registry of a subclass take precedence, the rest is inherited', (t) => {
  const [base, own] = [createTestRegistry(), createTestRegistry()];
  @Instrumented({ labels: { provider: 'base', region: 'eu' }, registry: base })
  class Provider {
    @Counted(calls, { labels: { provider: fromClass('provider'), region: fromClass('region') } })
    send(): void {}
  }
  @Instrumented({ labels: { provider: 'sub' } })
  class Sub extends Provider {}
  @Instrumented({ registry: own })
  class Moved extends Sub {}
  class Plain extends Provider {}
  new Provider().send();
  new Sub().send();
  new Moved().send();
  new Plain().send();
  new Provider().send();
  t.is(readValue(base, calls, { provider: 'base', region: 'eu' }), 3);
  t.is(readValue(base, calls, { provider: 'sub', region: 'eu' }), 1);
  t.is(readValue(own, calls, { provider: 'sub', region: 'eu' }), 1);
});

test('an override that calls super counts once per decorated method', async (t) => {
  const registry = createTestRegistry();
  @Instrumented({ registry })
  class Base {
    @Counted()
    run(): number {
      return 1;
    }
  }
  class Sub extends Base {
    @Counted()
    override run(): number {
      return super.run() + 1;
    }
  }
  class Silent extends Base {
    override run(): number {
      return super.run() + 10;
    }
  }
  t.is(new Sub().run(), 2);
  t.is(new Silent().run(), 11);
  t.deepEqual((await counted(registry)).sort(), ['Base.run success 2', 'Sub.run success 1']);
});

test('`methods: true` instruments undecorated methods, but no getters, setters, fields or constructor', async (t) => {
  const registry = createTestRegistry();
  let read = 0;
  @Instrumented({ registry, methods: true })
  class Worker {
    static limit = (): number => 5;
    field = (): number => 1;
    @Counted()
    decorated(): void {}
    plain(): void {}
    [key](): void {}
    async later(): Promise<void> {}
    static make(): Worker {
      return new Worker();
    }
    get size(): number {
      read += 1;
      return 1;
    }
    set size(_: number) {}
  }
  const worker = Worker.make();
  worker.decorated();
  worker.plain();
  worker[key]();
  await worker.later();
  worker.field();
  Worker.limit();
  t.is(read, 0, 'no getter was called');
  t.is(worker.size, 1);
  t.deepEqual((await counted(registry)).sort(), [
    'Worker.decorated success 1',
    'Worker.key success 1',
    'Worker.later success 1',
    'Worker.make success 1',
    'Worker.plain success 1',
  ]);
  t.is(
    readHistogram(registry, methodDuration, { class: 'Worker', method: 'plain', outcome: 'success' })?.count,
    1,
  );
  t.is(readValue(registry, methodCallsInProgress, { class: 'Worker', method: 'plain' }), 0);
  t.is(worker.constructor.name, 'Worker');
  t.deepEqual(
    getInstrumentation(Worker)
      .find(({ method }) => method === 'plain')
      ?.metrics.map(({ decorator }) => decorator),
    ['TracksGauge', 'Counted', 'Timed'],
  );
});

test('`methods` with names instruments only those; `name` sets the class label', async (t) => {
  const registry = createTestRegistry();
  @Instrumented({ registry, methods: ['plan', key], name: 'IssueWorkflow' })
  class W {
    plan(): void {}
    other(): void {}
    [key](): void {}
    @Counted()
    decorated(): void {}
    @Counted()
    static fixed(): void {}
  }
  const workflow = new W();
  workflow.plan();
  workflow.other();
  workflow[key]();
  workflow.decorated();
  W.fixed();
  t.deepEqual((await counted(registry)).sort(), [
    'IssueWorkflow.decorated success 1',
    'IssueWorkflow.fixed success 1',
    'IssueWorkflow.key success 1',
    'IssueWorkflow.plan success 1',
  ]);
});

test('a series with fixed labels exists from class definition on, in the registry of the class only', async (t) => {
  const registry = createTestRegistry();
  const early = defineCounter({ name: 'early_total', help: 'Early.', labels: { kind: label() } });
  @Instrumented({ registry })
  class Worker {
    @Counted(early, { labels: { kind: 'a' } })
    run(): void {}
  }
  t.is(readValue(registry, early, { kind: 'a' }), 0);
  await Promise.resolve();
  t.is(sharedRegistry.get('early_total'), undefined);
  new Worker().run();
  t.is(readValue(registry, early, { kind: 'a' }), 1);
});

test('without any registry, the series is in the shared one before the first call', async (t) => {
  const shared = defineCounter({ name: newName(), help: 'Shared.', labels: { kind: label() } });
  class Worker {
    @Counted(shared, { labels: { kind: 'a' } })
    run(): void {}
  }
  await Promise.resolve();
  t.is(readValue(sharedRegistry, shared, { kind: 'a' }), 0);
  new Worker().run();
  t.is(readValue(sharedRegistry, shared, { kind: 'a' }), 1);
});

test('a registry function may return one registry per instance; each is bound once', (t) => {
  const [one, other] = [createTestRegistry(), createTestRegistry()];
  const byOption = defineCounter({ name: 'by_option_total', help: 'Calls.' });
  const byClass = defineCounter({ name: 'by_class_total', help: 'Calls.' });
  @Instrumented({ registry: (worker: Worker) => worker.registry })
  class Worker {
    constructor(readonly registry: TestRegistry) {}
    @Counted(byOption, { registry: ({ registry }) => registry })
    @Counted(byClass)
    run(): void {}
  }
  for (const registry of [one, other, one]) new Worker(registry).run();
  for (const definition of [byOption, byClass]) {
    t.is(readValue(one, definition), 2);
    t.is(readValue(other, definition), 1);
    t.is(sharedRegistry.get(definition.name), undefined);
  }
});

test('a failing registry function does not affect the call', (t) => {
  const metrics = ['method_calls_total', 'method_duration_seconds'];
  const failures = () =>
    metrics.map(
      (metric) => readValue(sharedRegistry, metricsRecordingErrors, { metric, reason: 'label' }) ?? 0,
    );
  const before = failures();
  class Worker {
    @Counted({
      registry: () => {
        throw new Error('no registry');
      },
    })
    @Timed({ registry: () => undefined as never })
    run(): string {
      return 'done';
    }
  }
  t.is(new Worker().run(), 'done');
  // The intended registry is unknown, so the failure is reported to the shared one.
  t.deepEqual(
    failures(),
    before.map((count) => count + 1),
  );
});

test('a metric is in the registry of its class once the class is defined, before the first call', async (t) => {
  const registry = createTestRegistry();
  const [plain, instrumented, own, perInstance] = Array.from({ length: 4 }, () => newCounter());
  class Plain {
    @Counted(plain as never)
    run(): void {}
  }
  @Instrumented({ labels: { provider: 'claude' } })
  class Labelled {
    @Counted(instrumented as never)
    run(): void {}
  }
  @Instrumented({ registry })
  class Own {
    @Counted(own as never)
    run(): void {}
  }
  @Instrumented({ registry: () => registry })
  class PerInstance {
    @Counted(perInstance as never)
    run(): void {}
  }
  t.truthy([Plain, Labelled, Own, PerInstance]);
  await null;
  const names = [plain, instrumented, own, perInstance].map((definition) => definition?.name ?? '');
  const isIn = ({ get }: Pick<TestRegistry, 'get'>) => names.map((name) => get(name) !== undefined);
  t.deepEqual(isIn({ get: (name) => sharedRegistry.get(name) }), [true, true, false, false]);
  t.deepEqual(isIn({ get: (name) => registry.get(name) }), [false, false, true, false]);
  new PerInstance().run();
  t.deepEqual(isIn({ get: (name) => registry.get(name) }), [false, false, true, true]);
});

test('a metric that is in the shared registry with other labels is an error at class definition', (t) => {
  const definition = newCounter();
  sharedRegistry.counter(definition);
  const other = { ...definition, labels: { queue: label() } } as typeof definition;
  t.throws(
    () => {
      class Worker {
        @Counted(other, { labels: { queue: 'mail' } } as never)
        run(): void {}
      }
      return Worker;
    },
    { code: 'ERR_METRICS_DEFINITION_CONFLICT' },
  );
});

type Loose = (...args: unknown[]) => (...at: unknown[]) => unknown;
const LooseInstrumented = Instrumented as unknown as Loose;
for (const [what, use, code, message] of [
  [
    'on a method (standard)',
    () => LooseInstrumented()(() => 1, { kind: 'method', name: 'run' }),
    'ERR_METRICS_INVALID_DECORATION',
    /@Instrumented cannot decorate `run`: expected a class, received a method/,
  ],
  [
    'on a member (legacy)',
    () => LooseInstrumented()({}, 'run', {}),
    'ERR_METRICS_INVALID_DECORATION',
    /`run`: expected a class, received a member/,
  ],
  [
    'an unknown option',
    () => LooseInstrumented({ label: {} }),
    'ERR_METRICS_INVALID_OPTION',
    /Unknown option `label` of @Instrumented.* Did you mean `labels`\?/,
  ],
  [
    'an unknown method of a class with a symbol as a key',
    () =>
      LooseInstrumented({ methods: ['kex'] })(
        class Workflow {
          [key](): void {}
        },
      ),
    'ERR_METRICS_INVALID_OPTION',
    /^Unknown method `kex` in `methods` of @Instrumented on `Workflow`: expected methods of its own\.$/,
  ],
  [
    'an unknown method',
    () =>
      LooseInstrumented({ methods: ['plam'] })(
        class Workflow {
          plan(): void {}
        },
      ),
    'ERR_METRICS_INVALID_OPTION',
    /Unknown method `plam` in `methods` of @Instrumented on `Workflow`.* Did you mean `plan`\?/,
  ],
  [
    'a getter as a method',
    () =>
      LooseInstrumented({ methods: ['size'] })(
        class Workflow {
          get size(): number {
            return 1;
          }
        },
      ),
    'ERR_METRICS_INVALID_OPTION',
    /Unknown method `size`/,
  ],
  [
    '`methods` that is not a list',
    () => LooseInstrumented({ methods: 'plan' }),
    'ERR_METRICS_INVALID_OPTION',
    /expected true or a list of names, received "plan"/,
  ],
  [
    'an invalid registry',
    () => LooseInstrumented({ registry: 5 }),
    'ERR_METRICS_INVALID_OPTION',
    /Invalid `registry` of @Instrumented/,
  ],
  [
    'invalid labels',
    () => LooseInstrumented({ labels: 5 }),
    'ERR_METRICS_INVALID_OPTION',
    /Invalid `labels` of @Instrumented: expected an object, received 5/,
  ],
  [
    'labels that are null',
    () => LooseInstrumented({ labels: null }),
    'ERR_METRICS_INVALID_OPTION',
    /Invalid `labels` of @Instrumented: expected an object, received null/,
  ],
  [
    'a name that is no text',
    () => LooseInstrumented({ name: 5 }),
    'ERR_METRICS_INVALID_OPTION',
    /Invalid `name` of @Instrumented/,
  ],
  [
    'an unknown symbol as a method',
    () => LooseInstrumented({ methods: [Symbol('plan')] })(class Workflow {}),
    'ERR_METRICS_INVALID_OPTION',
    /Unknown method `Symbol\(plan\)` in `methods` of @Instrumented on `Workflow`: expected methods of its own\.$/,
  ],
  [
    'an empty name',
    () => LooseInstrumented({ name: '' }),
    'ERR_METRICS_INVALID_OPTION',
    /Invalid `name` of @Instrumented/,
  ],
  [
    'the class itself, without parentheses',
    () => LooseInstrumented(class Workflow {}),
    'ERR_METRICS_INVALID_DECORATION',
    /expected `@Instrumented\(\)`/,
  ],
] as const) {
  test(`@Instrumented ${what} is an error at class definition`, (t) => {
    t.throws(use, { code, message });
  });
}
