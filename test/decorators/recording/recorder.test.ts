// In a process of its own: it records in the shared registry.
/** When the series of a decorator is bound, and where its failures are counted. */
import { randomUUID } from 'node:crypto';
import test from 'ava';
import {
  Counted,
  Instrumented,
  PlatformRequest,
  ProviderRequest,
  Timed,
  WorkflowRun,
} from '../../../decorators/index.js';
import { recorderFor } from '../../../decorators/recording/recorder.js';
import { metricsRecordingErrors } from '../../../lib/catalogue/self.js';
import { defineCounter, defineHistogram } from '../../../lib/define.js';
import { label } from '../../../lib/label.js';
import { sharedRegistry } from '../../../lib/registry.js';
import { createTestRegistry, readHistogram, readValue } from '../../../lib/testing.js';

const jobs = defineCounter({ name: 'recorder_jobs_total', help: 'Jobs.', labels: { queue: label() } });
const seconds = defineHistogram({ name: 'job_seconds', help: 'Durations.' });

const failures = (metric: string, reason: string): number =>
  readValue(sharedRegistry, metricsRecordingErrors, { metric, reason }) ?? 0;

test('a series is bound if its registry and all of its labels are fixed', (t) => {
  const registry = createTestRegistry();
  const isBound = (labels: object, given?: unknown): boolean =>
    recorderFor({ decorator: 'Counted', definition: jobs, labels, registry: given }).isBound;
  t.true(isBound({ queue: 'mail' }, registry));
  t.false(isBound({ queue: () => 'mail' }, registry));
  t.false(isBound({ queue: 'mail' }, () => registry));
  t.false(isBound({ queue: 'mail' }));
});

test('a metric that conflicts with one that was made since the class is counted as a failed definition', async (t) => {
  // Not in the shared registry yet.
  const name = `recorder_${randomUUID().replaceAll('-', '')}_total`;
  class Worker {
    @Counted(defineCounter({ name, help: 'Made.' }))
    run(): string {
      return 'done';
    }
  }
  sharedRegistry.counter(defineCounter({ name, help: 'Another one.', labels: { kind: label() } }));
  const before = failures(name, 'definition');
  await null;
  t.is(failures(name, 'definition'), before + 1);
  t.is(new Worker().run(), 'done');
});

test('a call on an object whose class cannot be read goes on, and the failure is counted', (t) => {
  // While a registry is off, calls look whether it is theirs.
  createTestRegistry().disable();
  @Instrumented({ registry: createTestRegistry() })
  class Worker {
    @Counted(jobs, { labels: { queue: 'mail' } })
    run(): string {
      return 'done';
    }
  }
  const hidden = new Proxy(new Worker(), {
    getPrototypeOf: () => {
      throw new Error('no prototype');
    },
  });
  const before = failures('recorder_jobs_total', 'label');
  t.is(hidden.run(), 'done');
  t.is(failures('recorder_jobs_total', 'label'), before + 1);
});

test('a registry that a class gets after a call applies to the next one', (t) => {
  class Late {
    @Counted(jobs, { labels: { queue: 'late' } })
    run(): void {}
  }
  const registries = [createTestRegistry(), createTestRegistry()];
  for (const registry of registries) {
    Instrumented({ registry })(Late);
    new Late().run();
  }
  t.deepEqual(
    registries.map((registry) => readValue(registry, jobs, { queue: 'late' })),
    [1, 1],
  );
});

test('an error class that fails when it is asked does not affect the call, and the failure is counted', (t) => {
  const registry = createTestRegistry();
  class Hostile extends Error {
    static override [Symbol.hasInstance](): boolean {
      throw new Error('no answer');
    }
  }
  class Worker {
    @Counted(jobs, { registry, labels: { queue: 'mail' }, errors: [Hostile] })
    run(error: Error): void {
      throw error;
    }
  }
  const before = failures('decorated method', 'recording');
  const error = new RangeError('of the method');
  t.throws(() => new Worker().run(error), { is: error });
  t.is(failures('decorated method', 'recording'), before + 1);
});

test('a function of the call may call the method, whose calls are recorded to a depth of nine', (t) => {
  const registry = createTestRegistry();
  let calls = 0;
  class Worker {
    @Counted(jobs, {
      registry,
      labels: { queue: 'mail' },
      value: ({ instance }): number => {
        if (calls < 100) (instance as Worker).run();
        return 1;
      },
    })
    run(): void {
      calls += 1;
    }
  }
  new Worker().run();
  t.is(calls, 10);
  t.is(readValue(registry, jobs, { queue: 'mail' }), 9);
});

test('an option that returns nothing for a call is no failed recording', (t) => {
  const registry = createTestRegistry();
  class Claude {
    @ProviderRequest({
      registry,
      usage: () => undefined,
      rateLimit: () => undefined,
      retry: () => undefined,
    })
    ask(): void {}
    @PlatformRequest({
      registry,
      status: () => undefined,
      rateLimit: () => undefined,
      lifetime: () => undefined,
      effect: 'pr_merged',
    })
    merge(): void {}
    @WorkflowRun({ registry })
    run(): void {}
  }
  const before = failures('decorated method', 'recording');
  const claude = new Claude();
  claude.ask();
  claude.merge();
  claude.run();
  t.is(failures('decorated method', 'recording'), before);
  t.deepEqual(registry.warnings, []);
});

for (const [what, registry] of [
  [
    'throws',
    () => {
      throw new Error('no registry');
    },
  ],
  ['returns none', () => ({})],
] as const)
  test(`an error of \`failure\` is counted in the shared registry if the registry function ${what}`, (t) => {
    @Instrumented({
      registry: registry as never,
      failure: () => {
        throw new Error('no verdict');
      },
    })
    class Worker {
      @Counted(jobs, { labels: { queue: 'mail' } })
      run(): string {
        return 'done';
      }
    }
    const counts = () => [failures('@Instrumented', 'failure'), failures('recorder_jobs_total', 'label')];
    const before = counts();
    t.is(new Worker().run(), 'done');
    t.deepEqual(
      counts(),
      before.map((count) => count + 1),
    );
  });

test('a call of which only the start, the first item or nothing is recorded is no failed recording', (t) => {
  const registry = createTestRegistry();
  const ignore = [RangeError];
  class Worker {
    @Timed(seconds, { registry, sample: 2, ignore })
    sampled(): void {}
    @Counted(jobs, { registry, labels: { queue: 'mail' }, when: 'called', ignore, failure: () => false })
    called(): void {}
    @Timed(seconds, { registry, until: 'first-item', ignore, failure: () => false })
    first(): void {}
  }
  const before = failures('decorated method', 'recording');
  const worker = new Worker();
  for (let call = 0; call < 4; call++) worker.sampled();
  worker.called();
  worker.first();
  t.is(readValue(registry, jobs, { queue: 'mail' }), 1);
  t.is(readHistogram(registry, seconds)?.count, 5);
  t.is(failures('decorated method', 'recording'), before);
});
