import { setTimeout as elapsed } from 'node:timers/promises';
import test from 'ava';
import { outcome, Timed } from '../../decorators/index.js';
import { methodDuration } from '../../lib/catalogue/method.js';
import { defineHistogram, label } from '../../lib/definition.js';
import { createTestRegistry, readHistogram } from '../../lib/testing.js';

const durations = defineHistogram({
  name: 'job_duration_seconds',
  help: 'Durations of jobs.',
  labels: { queue: label() },
});

test('a synchronous call is observed once, in seconds', (t) => {
  const registry = createTestRegistry();
  class Worker {
    @Timed(durations, { registry, labels: { queue: 'mail' } })
    run(milliseconds: number): void {
      const end = performance.now() + milliseconds;
      while (performance.now() < end);
    }
  }
  new Worker().run(20);
  const reading = readHistogram(registry, durations, { queue: 'mail' });
  t.is(reading?.count, 1);
  t.true((reading?.sum ?? 0) >= 0.02);
  t.true((reading?.sum ?? 9) < 5);
});

test('a promise is timed to its settlement, whichever way it settles', async (t) => {
  const registry = createTestRegistry();
  class Worker {
    @Timed(durations, { registry, labels: { queue: ({ args: [fail] }) => (fail ? 'bad' : 'good') } })
    async run(fail: boolean): Promise<void> {
      await elapsed(20);
      if (fail) throw new Error('no');
    }
  }
  const worker = new Worker();
  await worker.run(false);
  await t.throwsAsync(worker.run(true));
  for (const queue of ['good', 'bad']) {
    const reading = readHistogram(registry, durations, { queue });
    t.is(reading?.count, 1);
    // A timer may fire a little early by the monotonic clock.
    t.true((reading?.sum ?? 0) >= 0.018);
  }
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
