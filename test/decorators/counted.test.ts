import test from 'ava';
import { Counted, errorType, outcome } from '../../decorators/index.js';
import { methodCalls } from '../../lib/catalogue/method.js';
import { defineCounter } from '../../lib/define.js';
import { EscalationError } from '../../lib/escalation.js';
import { label } from '../../lib/label.js';
import { createTestRegistry, readSamples, readValue } from '../../lib/testing.js';

const jobs = defineCounter({
  name: 'jobs_total',
  help: 'Jobs.',
  labels: { queue: label(), outcome: label('success', 'failure', 'escalation') },
});
const errors = defineCounter({
  name: 'job_errors_total',
  help: 'Errors of jobs.',
  labels: { type: label() },
});
const units = defineCounter({ name: 'units_total', help: 'Units of work.' });

test('a returned call is counted once, with labels from values and functions of the call', (t) => {
  const registry = createTestRegistry();
  class Worker {
    readonly #factor = 2;
    @Counted(jobs, { registry, labels: { queue: ({ args: [queue] }) => queue, outcome } })
    run(_queue: string, amount: number): number {
      return amount * this.#factor;
    }
  }
  t.is(new Worker().run('mail', 21), 42);
  t.is(readValue(registry, jobs, { queue: 'mail', outcome: 'success' }), 1);
});

test('an escalation is a failure if the label has no value `escalation`', (t) => {
  const registry = createTestRegistry();
  const imports = defineCounter({
    name: 'imports_total',
    help: 'Imports.',
    labels: { outcome: label('success', 'failure') },
  });
  class Importer {
    @Counted(imports, { registry, labels: { outcome } })
    run(error?: Error): void {
      if (error !== undefined) throw error;
    }
  }
  const importer = new Importer();
  importer.run();
  t.throws(() => importer.run(new EscalationError('unsure')));
  t.throws(() => importer.run(new TypeError('broken')));
  t.is(readValue(registry, imports, { outcome: 'success' }), 1);
  t.is(readValue(registry, imports, { outcome: 'failure' }), 2);
});

test('a call that returns a promise is counted when the promise settles', async (t) => {
  const registry = createTestRegistry();
  let finish = (_: string): void => {};
  class Worker {
    @Counted(jobs, { registry, labels: { queue: 'mail', outcome } })
    run(): Promise<string> {
      return new Promise((resolve) => {
        finish = resolve;
      });
    }
  }
  const running = new Worker().run();
  t.is(readValue(registry, jobs, { queue: 'mail', outcome: 'success' }), undefined);
  finish('done');
  t.is(await running, 'done');
  t.is(readValue(registry, jobs, { queue: 'mail', outcome: 'success' }), 1);
});

test('thrown and rejected errors count as failure, an EscalationError as escalation', async (t) => {
  const registry = createTestRegistry();
  class NeedsHuman extends EscalationError {}
  class Worker {
    @Counted(jobs, { registry, labels: { queue: 'mail', outcome } })
    fail(error: unknown): void {
      throw error;
    }
    @Counted(jobs, { registry, labels: { queue: 'mail', outcome } })
    async reject(error: unknown): Promise<void> {
      throw error;
    }
  }
  const worker = new Worker();
  t.throws(() => worker.fail(new RangeError('no')), { instanceOf: RangeError });
  await t.throwsAsync(worker.reject(new TypeError('no')), { instanceOf: TypeError });
  t.throws(() => worker.fail(new NeedsHuman('look')), { instanceOf: NeedsHuman });
  const thirdParty = Object.assign(new Error('look'), { name: 'EscalationError' });
  await t.throwsAsync(worker.reject(thirdParty), { is: thirdParty });
  t.is(readValue(registry, jobs, { queue: 'mail', outcome: 'failure' }), 2);
  t.is(readValue(registry, jobs, { queue: 'mail', outcome: 'escalation' }), 2);
});

test('`throw undefined` counts as a failure', (t) => {
  const registry = createTestRegistry();
  class Worker {
    @Counted(jobs, { registry, labels: { queue: 'mail', outcome } })
    fail(): void {
      throw undefined;
    }
  }
  let caught = false;
  try {
    new Worker().fail();
  } catch (error) {
    caught = true;
    t.is(error, undefined);
  }
  t.true(caught);
  t.is(readValue(registry, jobs, { queue: 'mail', outcome: 'failure' }), 1);
});

test('errorType is the class of the error, else its name, else the type of the thrown value', (t) => {
  const registry = createTestRegistry();
  class RateLimitError extends Error {}
  class Worker {
    @Counted(errors, { registry, labels: { type: errorType } })
    run(error?: unknown): void {
      if (error !== undefined) throw error;
    }
  }
  const worker = new Worker();
  worker.run();
  for (const error of [
    new RateLimitError('slow down'),
    new DOMException('gone', 'AbortError'),
    'text',
    null,
  ]) {
    t.throws(() => worker.run(error), { any: true });
  }
  for (const type of ['none', 'RateLimitError', 'AbortError', 'string', 'null'])
    t.is(readValue(registry, errors, { type }), 1, type);
});

test('`when` selects the calls that count', (t) => {
  const registry = createTestRegistry();
  const byWhen = (name: string) => defineCounter({ name: `${name}_total`, help: 'Calls.' });
  const [settled, success, failure, called] = [
    byWhen('settled'),
    byWhen('success'),
    byWhen('failure'),
    byWhen('called'),
  ];
  class Worker {
    @Counted(settled, { registry, when: 'settled' })
    @Counted(success, { registry, when: 'success' })
    @Counted(failure, { registry, when: 'failure' })
    @Counted(called, { registry, when: 'called' })
    run(error?: Error): number | undefined {
      if (error !== undefined) throw error;
      return readValue(registry, called);
    }
  }
  const worker = new Worker();
  t.is(worker.run(), 1, '`called` counts before the method runs');
  t.throws(() => worker.run(new Error('no')));
  t.throws(() => worker.run(new EscalationError('look')));
  t.deepEqual(
    [settled, success, failure, called].map((counter) => readValue(registry, counter)),
    [3, 1, 2, 3],
  );
});

test('`value` is the amount that a call adds; undefined adds nothing', async (t) => {
  const registry = createTestRegistry();
  class Worker {
    @Counted(units, { registry, value: ({ result }) => result?.used })
    async run(used?: number): Promise<{ used?: number }> {
      return used === undefined ? {} : { used };
    }
  }
  const worker = new Worker();
  await worker.run(2.5);
  await worker.run();
  await worker.run(4);
  t.is(readValue(registry, units), 6.5);
});

test('without a metric, calls are counted by class, method and outcome', async (t) => {
  const registry = createTestRegistry();
  class Base {
    @Counted({ registry })
    inherited(): void {}
  }
  class Worker extends Base {
    @Counted({ registry })
    async run(fail: boolean): Promise<void> {
      if (fail) throw new Error('no');
    }
    @Counted({ registry })
    static make(): Worker {
      return new Worker();
    }
  }
  const worker = Worker.make();
  await worker.run(false);
  await t.throwsAsync(worker.run(true));
  worker.inherited();
  new Base().inherited();
  const counts = (await readSamples(registry, methodCalls)).map(({ labels, value }) => [
    labels.class,
    labels.method,
    labels.outcome,
    value,
  ]);
  t.deepEqual(counts, [
    ['Worker', 'make', 'success', 1],
    ['Worker', 'run', 'success', 1],
    ['Worker', 'run', 'failure', 1],
    ['Base', 'inherited', 'success', 2],
  ]);
});

test('a series with fixed labels is exposed as 0 before the first call', (t) => {
  const registry = createTestRegistry();
  class Worker {
    @Counted(jobs, { registry, labels: { queue: 'mail', outcome: 'failure' }, when: 'failure' })
    run(): void {}
  }
  t.is(readValue(registry, jobs, { queue: 'mail', outcome: 'failure' }), 0);
  new Worker().run();
  t.is(readValue(registry, jobs, { queue: 'mail', outcome: 'failure' }), 0);
});

test('counting continues after a reset of the registry', (t) => {
  const registry = createTestRegistry();
  class Worker {
    @Counted(jobs, { registry, labels: { queue: 'mail', outcome: 'success' } })
    run(): void {}
  }
  const worker = new Worker();
  worker.run();
  registry.prometheus.resetMetrics();
  worker.run();
  t.is(readValue(registry, jobs, { queue: 'mail', outcome: 'success' }), 1);
});

test('an escalation stays one if the label takes any value', (t) => {
  const registry = createTestRegistry();
  const reviews = defineCounter({ name: 'reviews_total', help: 'Reviews.', labels: { outcome: label() } });
  class Reviewer {
    @Counted(reviews, { registry, labels: { outcome } })
    run(): void {
      throw new EscalationError('unsure');
    }
  }
  t.throws(() => new Reviewer().run());
  t.is(readValue(registry, reviews, { outcome: 'escalation' }), 1);
});

test('`errors` counts errors of any of its classes', (t) => {
  const registry = createTestRegistry();
  class Worker {
    @Counted(units, { registry, errors: [RangeError, TypeError] })
    run(error: Error): void {
      throw error;
    }
  }
  for (const error of [new RangeError(''), new TypeError(''), new SyntaxError('')])
    t.throws(() => new Worker().run(error), { is: error });
  t.is(readValue(registry, units), 2);
});

test('labels that a view drops have no value, and their sources are not called', (t) => {
  const registry = createTestRegistry({ views: { jobs_total: { dropLabels: ['queue'] } } });
  class Worker {
    @Counted(jobs, {
      registry,
      labels: {
        queue: (): string => {
          throw new Error('not called');
        },
        outcome,
      },
    })
    run(): void {}
  }
  new Worker().run();
  t.is(readValue(registry, jobs, { outcome: 'success' } as never), 1);
});

test('the error of a label for a metric without labels says so', (t) => {
  const registry = createTestRegistry();
  const declare = (): unknown => {
    class Worker {
      @Counted(units, { registry, labels: { queue: 'mail' } as never })
      run(): void {}
    }
    return Worker;
  };
  t.throws(declare, { message: /expected no labels, received an unknown label `queue`/ });
});
