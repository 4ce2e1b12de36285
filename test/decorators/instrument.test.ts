import test from 'ava';
import { Counted, instrument, outcome, Timed, TracksGauge } from '../../decorators/index.js';
import { methodCalls } from '../../lib/catalogue/method.js';
import { defineCounter, defineGauge, defineHistogram, label } from '../../lib/definition.js';
import { createTestRegistry, readHistogram, readSamples, readValue } from '../../lib/testing.js';

const calls = defineCounter({
  name: 'calls_total',
  help: 'Calls.',
  labels: { model: label(), outcome: label('success', 'failure', 'escalation') },
});
const seconds = defineHistogram({ name: 'call_seconds', help: 'Durations.' });
const running = defineGauge({ name: 'calls_running', help: 'Calls under way.' });

test('a plain function is recorded as a method would be, typed from the function', async (t) => {
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

test('without a metric its method label is its name, and it has no class', async (t) => {
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

test('without decorators it is the function itself', (t) => {
  const fn = (): number => 1;
  t.is(instrument(fn), fn);
});
