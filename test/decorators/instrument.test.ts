import test from 'ava';
import { Counted, instrument, outcome, Timed, TracksGauge, WorkflowStep } from '../../decorators/index.js';
import { metricsOf } from '../../decorators/metadata.js';
import { methodCalls } from '../../lib/catalogue/method.js';
import { defineCounter, defineGauge, defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { createTestRegistry, readHistogram, readSamples, readValue } from '../../lib/testing.js';

const calls = defineCounter({
  name: 'calls_total',
  help: 'Calls.',
  labels: { model: label(), outcome: label('success', 'failure', 'escalation') },
});
const seconds = defineHistogram({ name: 'call_seconds', help: 'Durations.' });
const running = defineGauge({ name: 'calls_running', help: 'Calls in progress.' });

test('a plain function is recorded as a method is, with labels typed from the function', async (t) => {
  const registry = createTestRegistry();
  async function send(request: { model: string }): Promise<number> {
    return request.model.length;
  }
  const measured = instrument(
    send,
    Timed(seconds, { registry }),
    Counted(calls, { registry, labels: { model: ({ args: [request] }) => request.model, outcome } }),
    TracksGauge(running, { registry }),
  );
  t.is(await measured({ model: 'large' }), 5);
  t.is(measured.name, 'send');
  t.is(measured.length, 1);
  t.not(measured, send);
  t.is(readValue(registry, calls, { model: 'large', outcome: 'success' }), 1);
  t.is(readHistogram(registry, seconds)?.count, 1);
  t.is(readValue(registry, running), 0);
});

test('without a metric, the method label is the name of the function and the class label is empty', async (t) => {
  const registry = createTestRegistry();
  const plan = instrument(() => 1, Counted({ registry, name: 'plan' }));
  const named = instrument(function build() {}, Counted({ registry }));
  plan();
  named();
  t.deepEqual(
    (await readSamples(registry, methodCalls)).map(({ labels }) => labels),
    [
      { method: 'plan', outcome: 'success' },
      { method: 'build', outcome: 'success' },
    ],
  );
});

test('instrument() without decorators returns the function itself', (t) => {
  const fn = (): number => 1;
  t.is(instrument(fn), fn);
});

const loose = instrument as unknown as (...args: unknown[]) => unknown;
const misuses: readonly [what: string, args: readonly unknown[], message: string][] = [
  [
    'a class',
    [class Queue {}, Counted()],
    'Invalid first argument of `instrument`: expected a function, received the class `Queue`. Put @Instrumented on the class.',
  ],
  ['an object', [{}], 'Invalid first argument of `instrument`: expected a function, received an object.'],
  [
    'options in place of a decorator',
    [() => 1, Counted({ name: 'plan' }), { name: 'plan' }],
    'Invalid argument 3 of `instrument`: expected a decorator such as `Counted()`, received an object.',
  ],
  [
    'an anonymous function',
    [() => 1, Timed()],
    "@Timed of `instrument` has no name to record: expected a function with a name, received an anonymous one. Name it, or write `Timed({ name: 'plan' })`.",
  ],
  [
    'an anonymous function as a workflow step',
    [() => 1, WorkflowStep()],
    "@WorkflowStep of `instrument` has no name to record: expected a function with a name, received an anonymous one. Name it, or write `WorkflowStep({ labels: { step_name: 'plan' } })`.",
  ],
];
for (const [what, args, message] of misuses) {
  test(`instrument() rejects ${what}`, (t) => {
    t.throws(() => loose(...args), { code: 'ERR_METRICS_INVALID_OPTION', message });
  });
}

test('instrument() with a decorator without parentheses says what to write', (t) => {
  t.throws(() => loose(function plan() {}, Counted), {
    code: 'ERR_METRICS_INVALID_DECORATION',
    message: /^@Counted is on `plan` without parentheses/,
  });
});

test('an anonymous function needs no name if the labels are given', (t) => {
  const registry = createTestRegistry();
  const step = instrument(() => 1, Timed(seconds, { registry }), WorkflowStep('plan', { registry }));
  t.is(step(), 1);
  t.is(readHistogram(registry, seconds)?.count, 1);
  t.deepEqual(registry.warnings, [], 'the type of the workflow, of which there is none, is empty');
});

test('the last decorator is applied first, as of those above a method', (t) => {
  const registry = createTestRegistry();
  const greet = instrument(function greet() {}, Counted({ registry }), Timed({ registry }));
  t.deepEqual(
    metricsOf(greet).map(({ decorator }) => decorator),
    ['Timed', 'Counted'],
  );
});

test('a decorator gets the context of a public static method', (t) => {
  const contexts: unknown[] = [];
  const noting = (_method: unknown, context: unknown): void => {
    contexts.push(context);
  };
  instrument(function greet() {}, noting as never);
  t.deepEqual(contexts, [{ kind: 'method', name: 'greet', static: true, private: false, function: true }]);
});

test('a decorator that returns nothing leaves the function as it is', (t) => {
  const greet = (): string => 'hello';
  t.is(instrument(greet, (() => {}) as never), greet);
});

test('a function whose source mentions a class is a function', (t) => {
  const registry = createTestRegistry();
  const greet = instrument(function greet() {
    return 'class greeting';
  }, Counted({ registry }));
  t.is(greet(), 'class greeting');
});
