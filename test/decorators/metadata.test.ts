import test from 'ava';
import { Counted, getInstrumentation, outcome, Timed, TracksGauge } from '../../decorators/index.js';
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
