/** Decorated methods whose metrics are disabled: they are called directly, as if they had no decorator. */
import test from 'ava';
import {
  Counted,
  Instrumented,
  instrument,
  ProviderRequest,
  Timed,
  TracksGauge,
} from '../../decorators/index.js';
import { defineCounter, defineGauge, defineHistogram } from '../../lib/define.js';
import { createMetrics, sharedRegistry } from '../../lib/index.js';
import { label } from '../../lib/label.js';
import type { MetricsRegistry } from '../../lib/registry.js';
import { createTestRegistry, readHistogram, readText, readValue } from '../../lib/testing.js';

const labels = { queue: label() };
const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs.', labels });
const running = defineGauge({ name: 'jobs_running', help: 'Jobs in progress.', labels });
const seconds = defineHistogram({ name: 'job_seconds', help: 'Durations.', labels });

/** A class whose methods return this promise. An observed method would return another, chained one. */
function jobClass(registry: MetricsRegistry | undefined, asked: string[]) {
  const own = registry === undefined ? {} : { registry };
  const queue = (): string => {
    asked.push('queue');
    return 'mail';
  };
  class Jobs {
    readonly promise = Promise.resolve('done');

    @Counted(jobs, { ...own, labels: { queue }, failure: () => asked.push('failure') > 0 })
    counted(): Promise<string> {
      return this.promise;
    }
    @Timed(seconds, { ...own, labels: { queue: 'mail' } })
    @TracksGauge(running, { ...own, labels: { queue: 'mail' } })
    stacked(..._given: unknown[]): Promise<string> {
      return this.promise;
    }
    @Timed(seconds, { ...own, labels: { queue: 'mail' } })
    bound(): Promise<string> {
      return this.promise;
    }
    @ProviderRequest({ ...own, labels: { provider: 'claude', model: queue } })
    asking(): Promise<string> {
      return this.promise;
    }
  }
  return Jobs;
}

type Method = 'counted' | 'stacked' | 'bound' | 'asking';
const methods: readonly Method[] = ['counted', 'stacked', 'bound', 'asking'];

test('after a registry is disabled, its decorated methods are called directly and no label source runs', async (t) => {
  const registry = createTestRegistry();
  const asked: string[] = [];
  const worker = new (jobClass(registry, asked))();
  for (const method of methods) {
    t.not(worker[method](), worker.promise, `${method} is observed`);
    await worker[method]();
  }
  t.true(asked.length > 0);
  registry.disable();
  asked.length = 0;
  for (const method of methods) t.is(worker[method](), worker.promise, method);
  t.deepEqual(asked, []);
  t.is(await readText(registry), '');
});

test('a registry that is disabled before the class is defined records nothing', (t) => {
  const asked: string[] = [];
  const worker = new (jobClass(createTestRegistry({ enabled: false }), asked))();
  for (const method of methods) t.is(worker[method](), worker.promise, method);
  t.deepEqual(asked, []);
});

test('METRICS_ENABLED=false also applies to decorators defined before createMetrics', async (t) => {
  const asked: string[] = [];
  const [called, notYetCalled] = [new (jobClass(undefined, asked))(), new (jobClass(undefined, asked))()];
  await Promise.all(methods.map((method) => called[method]()));
  createMetrics({ enabled: false });
  asked.length = 0;
  for (const worker of [called, notYetCalled, new (jobClass(undefined, asked))()])
    for (const method of methods) t.is(worker[method](), worker.promise, method);
  t.deepEqual(asked, []);
  t.is(readValue(sharedRegistry, jobs, { queue: 'mail' }), undefined);
});

test('a disabled registry does not affect classes of another registry', async (t) => {
  const [on, off] = [createTestRegistry(), createTestRegistry({ enabled: false })];
  class Base {
    @Counted(jobs, { labels: { queue: 'mail' } })
    run(): number {
      return 1;
    }
  }
  @Instrumented({ registry: on })
  class Watched extends Base {}
  @Instrumented({ registry: off })
  class Unwatched extends Base {}
  @Instrumented({ registry: (instance: { registry: MetricsRegistry }) => instance.registry })
  class Chosen extends Base {
    constructor(readonly registry: MetricsRegistry) {
      super();
    }
  }
  for (const worker of [new Watched(), new Unwatched(), new Chosen(on), new Chosen(off), new Watched()])
    t.is(worker.run(), 1);
  t.is(readValue(on, jobs, { queue: 'mail' }), 3);
  t.is(await readText(off), '');
});

test('stacked decorators with an enabled metric keep recording', async (t) => {
  const registry = createTestRegistry({ views: { jobs_total: { enabled: false } } });
  class Worker {
    @Counted(jobs, { registry, labels: { queue: 'mail' } })
    @Timed(seconds, { registry, labels: { queue: 'mail' } })
    run(): void {}
    @Counted(jobs, { registry, labels: { queue: 'mail' } })
    only(given: number): number {
      return given;
    }
  }
  const worker = new Worker();
  worker.run();
  t.is(worker.only(3), 3);
  t.regex(await readText(registry), /job_seconds_count\{queue="mail"\} 1/);
  t.notRegex(await readText(registry), /jobs_total/);
});

test('beside an enabled metric, the label sources of one that is switched off do not run', (t) => {
  const registry = createTestRegistry({ views: { jobs_total: { enabled: false } } });
  let asked = 0;
  const queue = (): string => {
    asked += 1;
    return 'mail';
  };
  class Worker {
    @Counted(jobs, { registry, labels: { queue } })
    @Timed(seconds, { registry, labels: { queue: 'mail' } })
    run(): void {}
  }
  new Worker().run();
  t.is(readHistogram(registry, seconds, { queue: 'mail' })?.count, 1);
  t.is(asked, 0);
});

test('a call in progress is not recorded if its registry is disabled before it ends', async (t) => {
  const registry = createTestRegistry();
  let end = (): void => {};
  class Worker {
    @TracksGauge(running, { registry, labels: { queue: 'mail' } })
    @Timed(seconds, { registry, labels: { queue: 'mail' } })
    run(): Promise<void> {
      return new Promise((resolve) => {
        end = resolve;
      });
    }
  }
  const call = new Worker().run();
  t.is(readValue(registry, running, { queue: 'mail' }), 1);
  registry.disable();
  end();
  await call;
  t.is(await readText(registry), '');
});

test('a function wrapped by `instrument` is called directly as well', async (t) => {
  const registry = createTestRegistry({ enabled: false });
  const promise = Promise.resolve(1);
  const run = instrument(() => promise, Counted(jobs, { registry, labels: { queue: 'mail' } }));
  t.is(run(), promise);
  t.is(await readText(registry), '');
});
