import test from 'ava';
import { Counted, getInstrumentation, outcome, Timed, TracksGauge } from '../../decorators/index.js';
import { metricsOf, setMetrics, takeOver } from '../../decorators/metadata.js';
import { methodCalls } from '../../lib/catalogue/method.js';
import { defineCounter, defineGauge, defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { createTestRegistry } from '../../lib/testing.js';

const registry = createTestRegistry();
const jobs = defineCounter({
  name: 'jobs_total',
  help: 'Jobs.',
  labels: { queue: label(), outcome: label('success', 'failure', 'escalation') },
});
const seconds = defineHistogram({ name: 'job_seconds', help: 'Durations.' });
const running = defineGauge({ name: 'jobs_running', help: 'Jobs in progress.' });
const key = Symbol('key');

class Base {
  @Timed(seconds, { registry })
  inherited(): void {}
  @Timed(seconds, { registry })
  overridden(): void {}
}
class Worker extends Base {
  @Timed(seconds, { registry })
  @Counted(jobs, { registry, labels: { queue: 'mail', outcome } })
  @TracksGauge(running, { registry })
  run(): void {}
  @Counted({ registry })
  static make(): void {}
  @Counted({ registry })
  [key](): void {}
  override overridden(): void {}
  plain(): void {}
  get broken(): never {
    throw new Error('a getter must not run');
  }
}

test('a proxy of a class may list members that it does not have', (t) => {
  const proxy = new Proxy(Worker, { ownKeys: (target) => [...Reflect.ownKeys(target), 'missing'] });
  t.deepEqual(getInstrumentation(proxy), getInstrumentation(Worker));
});

test('getInstrumentation lists the metrics per method, with decorators, definitions and static labels', (t) => {
  t.deepEqual(
    getInstrumentation(Worker).map(({ method, static: isStatic, metrics }) => [
      method,
      isStatic,
      metrics.map(({ decorator, definition, staticLabels }) => [
        decorator,
        definition.name,
        { ...staticLabels },
      ]),
    ]),
    [
      [
        'run',
        false,
        [
          ['TracksGauge', 'jobs_running', {}],
          ['Counted', 'jobs_total', { queue: 'mail' }],
          ['Timed', 'job_seconds', {}],
        ],
      ],
      [key, false, [['Counted', 'method_calls_total', {}]]],
      ['inherited', false, [['Timed', 'job_seconds', {}]]],
      ['make', true, [['Counted', 'method_calls_total', {}]]],
    ],
  );
});

test('getInstrumentation returns the original definitions, comparable by identity', (t) => {
  const [make] = getInstrumentation(Worker).filter(({ method }) => method === 'make');
  t.is(make?.metrics[0]?.definition, methodCalls);
});

test('a class without decorators has no instrumentation', (t) => {
  t.deepEqual(getInstrumentation(class Plain {}), []);
});

/** The functions that a metadata polyfill adds to `Reflect`. */
type Polyfill = Partial<
  Record<'defineMetadata' | 'getOwnMetadata' | 'getOwnMetadataKeys', (...args: never[]) => unknown>
>;

/** Runs a function while `Reflect` has only these of the functions of a polyfill. */
function withPolyfill(polyfill: Polyfill, run: () => void): void {
  const reflect = Reflect as Polyfill;
  const { defineMetadata, getOwnMetadata, getOwnMetadataKeys } = reflect;
  const none = { defineMetadata: undefined, getOwnMetadata: undefined, getOwnMetadataKeys: undefined };
  Object.assign(reflect, none, polyfill);
  try {
    run();
  } finally {
    for (const name of Object.keys(none) as (keyof Polyfill)[]) delete reflect[name];
    const before = Object.entries({ defineMetadata, getOwnMetadata, getOwnMetadataKeys });
    Object.assign(reflect, Object.fromEntries(before.filter(([, value]) => value !== undefined)));
  }
}

function stored() {
  const metadata = new Map<unknown, Map<unknown, unknown>>();
  return {
    defineMetadata: (key: unknown, value: unknown, target: object) => {
      metadata.set(target, new Map(metadata.get(target)).set(key, value));
    },
    getOwnMetadata: (key: unknown, target: object) => metadata.get(target)?.get(key),
    getOwnMetadataKeys: (target: object) => [...(metadata.get(target)?.keys() ?? [])],
  };
}

const asyncPrototype = Reflect.getPrototypeOf(async () => {});

test.serial('a wrapper gets the metadata that a polyfill has of its method', (t) => {
  const polyfill = stored();
  withPolyfill(polyfill, () => {
    const [method, wrapper] = [async () => {}, () => {}];
    polyfill.defineMetadata('role', 'admin', method);
    takeOver(wrapper, method);
    t.is(polyfill.getOwnMetadata('role', wrapper), 'admin');
    t.is(Reflect.getPrototypeOf(wrapper), asyncPrototype);
  });
});

test.serial('metadata that a polyfill cannot list is inherited from the method', (t) => {
  const { defineMetadata, getOwnMetadata } = stored();
  withPolyfill({ defineMetadata, getOwnMetadata }, () => {
    const [method, wrapper] = [async () => {}, () => {}];
    takeOver(wrapper, method);
    t.is(Reflect.getPrototypeOf(wrapper), method);
  });
});

test.serial('half a polyfill is not used', (t) => {
  for (const name of ['defineMetadata', 'getOwnMetadata'] as const) {
    const used: unknown[] = [];
    withPolyfill({ [name]: () => used.push(name) }, () => {
      const method = (): void => {};
      setMetrics(method, []);
      metricsOf(method);
    });
    t.deepEqual(used, [], name);
  }
});

test('a method may be a proxy that lists properties which it does not have', (t) => {
  const wrapper = (): void => {};
  takeOver(wrapper, new Proxy(() => {}, { ownKeys: () => ['missing', 'name', 'length'] }));
  t.false('missing' in wrapper);
});

test('the methods of a class that extends null are listed', (t) => {
  class Alone extends (null as unknown as typeof Object) {
    @Counted({ registry })
    static make(): void {}
  }
  t.deepEqual(
    getInstrumentation(Alone).map(({ method }) => method),
    ['make'],
  );
});

test('the metrics of a method cannot be changed', (t) => {
  const [run] = getInstrumentation(Worker);
  t.true(Object.isFrozen(run?.metrics));
  t.true(run?.metrics.every((metric) => Object.isFrozen(metric)));
});
