import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { outcome, Timed } from '../../decorators/index.js';
import { methodDuration } from '../../lib/catalogue/method.js';
import { defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { createTestRegistry, readHistogram } from '../../lib/testing.js';
import { stopTimers } from '../helpers/manual-stopwatch.js';

const durations = defineHistogram({
  name: 'job_duration_seconds',
  help: 'Durations of jobs.',
  labels: { queue: label() },
});

test.serial('a synchronous call is observed once, in seconds', (t) => {
  const advance = stopTimers(t);
  const registry = createTestRegistry();
  class Worker {
    @Timed(durations, { registry, labels: { queue: 'mail' } })
    run(seconds: number): void {
      advance(seconds);
    }
  }
  new Worker().run(3);
  t.like(readHistogram(registry, durations, { queue: 'mail' }), { count: 1, sum: 3 });
});

test.serial('a promise is timed until it is fulfilled or rejected', async (t) => {
  const advance = stopTimers(t);
  const registry = createTestRegistry();
  class Worker {
    @Timed(durations, { registry, labels: { queue: ({ args: [fail] }) => (fail ? 'bad' : 'good') } })
    async run(fail: boolean): Promise<void> {
      await turn();
      advance(fail ? 5 : 2);
      if (fail) throw new Error('no');
    }
  }
  const worker = new Worker();
  await worker.run(false);
  await t.throwsAsync(worker.run(true));
  t.like(readHistogram(registry, durations, { queue: 'good' }), { count: 1, sum: 2 });
  t.like(readHistogram(registry, durations, { queue: 'bad' }), { count: 1, sum: 5 });
});

test('without a metric, durations are observed by class, method and outcome', (t) => {
  const registry = createTestRegistry();
  class Worker {
    @Timed({ registry })
    run(): void {}
  }
  new Worker().run();
  t.is(
    readHistogram(registry, methodDuration, { class: 'Worker', method: 'run', outcome: 'success' })?.count,
    1,
  );
});

test('labels may depend on the outcome', async (t) => {
  const registry = createTestRegistry();
  const byOutcome = defineHistogram({
    name: 'by_outcome_seconds',
    help: 'Durations.',
    labels: { outcome: label('success', 'failure', 'escalation') },
  });
  class Worker {
    @Timed(byOutcome, { registry, labels: { outcome } })
    async run(): Promise<void> {
      throw new Error('no');
    }
  }
  await t.throwsAsync(new Worker().run());
  t.is(readHistogram(registry, byOutcome, { outcome: 'failure' })?.count, 1);
});
