import test from 'ava';
import { judging } from '../../decorators/failure-option.js';
import {
  Counted,
  errorType,
  fromClass,
  Instrumented,
  outcome,
  Timed,
  TracksGauge,
  WorkflowRun,
} from '../../decorators/index.js';
import { methodCalls, methodDuration } from '../../lib/catalogue/method.js';
import { metricsRecordingErrors } from '../../lib/catalogue/self.js';
import { errors, workflowsCompleted } from '../../lib/catalogue/workflow.js';
import { defineCounter, defineGauge, defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { createTestRegistry, readHistogram, readSamples, readValue } from '../../lib/testing.js';

const ends = defineCounter({
  name: 'result_ends_total',
  help: 'Ends.',
  labels: { outcome: label('success', 'failure', 'escalation'), error: label() },
});
const failures = defineCounter({ name: 'failures_total', help: 'Failures.' });
const seconds = defineHistogram({
  name: 'call_seconds',
  help: 'Durations.',
  labels: { outcome: label('success', 'failure', 'escalation') },
});
const last = defineGauge({ name: 'last_status', help: 'Last status of a success.' });

interface Reply {
  readonly ok: boolean;
  readonly status: number;
}
const replies: readonly Reply[] = [
  { ok: true, status: 200 },
  { ok: false, status: 500 },
];

test('`failure` makes a returned result a failure for outcome, errorType, `when` and `set`', async (t) => {
  const registry = createTestRegistry();
  const failure = ({ result }: { result: Reply | undefined }): boolean => result?.ok === false;
  class Client {
    @Timed(seconds, { registry, labels: { outcome }, failure })
    @Counted(ends, { registry, labels: { outcome, error: errorType }, failure })
    @Counted(failures, { registry, when: 'failure', failure })
    @TracksGauge(last, { registry, set: ({ result }) => result?.status, failure })
    async send(reply: Reply): Promise<Reply> {
      return reply;
    }
    // A decorator without the option sees the same call as a success.
    @Counted({ registry, failure })
    @Timed({ registry })
    sync(reply: Reply): Reply {
      return reply;
    }
  }
  const client = new Client();
  for (const reply of replies) {
    t.is(await client.send(reply), reply);
    t.is(client.sync(reply), reply);
  }
  t.is(readValue(registry, ends, { outcome: 'success', error: 'none' }), 1);
  t.is(readValue(registry, ends, { outcome: 'failure', error: 'FailedResult' }), 1);
  t.is(readValue(registry, failures), 1);
  t.is(readValue(registry, last), 200);
  t.is(readHistogram(registry, seconds, { outcome: 'failure' })?.count, 1);
  const sync = { class: 'Client', method: 'sync', outcome: 'success' } as const;
  t.is(readHistogram(registry, methodDuration, sync)?.count, 2);
  t.deepEqual(
    (await readSamples(registry, methodCalls)).map(({ labels, value }) => [labels.outcome, value]),
    [
      ['success', 1],
      ['failure', 1],
    ],
  );
});

test('`failure` sees changed arguments, and is not called for a call that throws', async (t) => {
  const registry = createTestRegistry();
  const asked: number[] = [];
  class Controller {
    @Counted(ends, {
      registry,
      labels: { outcome, error: errorType },
      failure: ({ args: [ctx] }) => {
        asked.push(ctx.status);
        return ctx.status >= 500;
      },
    })
    async show(ctx: { status: number }, status: number): Promise<void> {
      ctx.status = status;
      if (status === 418) throw new TypeError('teapot');
    }
  }
  const controller = new Controller();
  await controller.show({ status: 404 }, 200);
  await controller.show({ status: 404 }, 503);
  await t.throwsAsync(controller.show({ status: 404 }, 418), { message: 'teapot' });
  t.deepEqual(asked, [200, 503]);
  t.deepEqual(
    (await readSamples(registry, ends)).map(({ labels }) => labels.error),
    ['none', 'FailedResult', 'TypeError'],
  );
});

test('`failure` of @Instrumented applies to the whole class; that of a decorator takes precedence', async (t) => {
  const registry = createTestRegistry();
  const labels = { workflow_type: 'issue', provider: 'claude', platform: 'github' };
  @Instrumented({ registry, failure: ({ result }) => (result as Reply | undefined)?.ok === false })
  class Flow {
    @WorkflowRun({ labels })
    @Counted(ends, { labels: { outcome, error: errorType } })
    @Counted(failures, { when: 'success', failure: () => false })
    async run(reply: Reply): Promise<Reply> {
      return reply;
    }
  }
  for (const reply of replies) await new Flow().run(reply);
  t.is(readValue(registry, ends, { outcome: 'failure', error: 'FailedResult' }), 1);
  t.is(readValue(registry, ends, { outcome: 'success', error: 'none' }), 1);
  t.is(readValue(registry, failures), 2);
  t.is(readValue(registry, workflowsCompleted, { ...labels, outcome: 'failure' }), 1);
  t.is((await readSamples(registry, errors))[0]?.value, 1);

  @Instrumented({ registry })
  class Other {
    @Counted(ends, { labels: { outcome, error: errorType } })
    run(reply: Reply): Reply {
      return reply;
    }
  }
  for (const reply of replies) new Other().run(reply);
  t.is(
    readValue(registry, ends, { outcome: 'success', error: 'none' }),
    3,
    'other classes are not concerned',
  );
  t.deepEqual(registry.warnings, []);
});

test('`failure` is called at the end of a stream', async (t) => {
  const registry = createTestRegistry();
  class Reader {
    ok = true;
    @Counted(failures, { registry, when: 'failure', failure: ({ instance }) => !instance.ok })
    async *read(): AsyncGenerator<number> {
      yield 1;
      this.ok = false;
    }
  }
  for await (const item of new Reader().read()) t.is(item, 1);
  t.is(readValue(registry, failures), 1);
});

test('an error in `ignore` stays a success, and a failed result does not match `errors`', (t) => {
  const registry = createTestRegistry();
  class Worker {
    @Counted(failures, { registry, errors: [Error], failure: () => true })
    @Counted(ends, {
      registry,
      labels: { outcome, error: errorType },
      ignore: [RangeError],
      failure: () => true,
    })
    run(throws: boolean): void {
      if (throws) throw new RangeError('ignored');
    }
  }
  t.throws(() => new Worker().run(true), { message: 'ignored' });
  new Worker().run(false);
  t.is(readValue(registry, ends, { outcome: 'success', error: 'none' }), 1);
  t.is(readValue(registry, ends, { outcome: 'failure', error: 'FailedResult' }), 1);
  t.is(readValue(registry, failures), 1);
});

test('an error thrown by `failure` is contained and counted, and the call is a success', (t) => {
  const registry = createTestRegistry();
  const failure = (): boolean => {
    throw new Error('cannot judge');
  };
  class Worker {
    @Counted(ends, { registry, labels: { outcome, error: errorType }, failure })
    run(): number {
      return 1;
    }
  }
  @Instrumented({ registry, failure })
  class Other {
    @Counted(ends, { labels: { outcome, error: errorType } })
    run(): number {
      return 1;
    }
  }
  t.deepEqual([new Worker().run(), new Other().run()], [1, 1]);
  t.is(readValue(registry, ends, { outcome: 'success', error: 'none' }), 2);
  for (const metric of ['result_ends_total', '@Instrumented'])
    t.is(readValue(registry, metricsRecordingErrors, { metric, reason: 'failure' }), 1);
});

for (const [name, decorate] of Object.entries({
  Counted: () => Counted({ failure: true as never }),
  Timed: () => Timed({ failure: 'no' as never }),
  TracksGauge: () => TracksGauge(last, { failure: {} as never }),
  Instrumented: () => Instrumented({ failure: 1 as never }),
})) {
  test(`a \`failure\` of @${name} that is not a function is an error at class definition`, (t) => {
    t.throws(decorate, {
      code: 'ERR_METRICS_INVALID_OPTION',
      message: new RegExp(`^Invalid \`failure\` of @${name}: expected a function of the call, received`),
    });
  });
}

test('a method without its object records a failed result in the registry of its class', (t) => {
  const registry = createTestRegistry();
  @Instrumented({ registry })
  class Client {
    @Counted(ends, {
      labels: { outcome, error: errorType },
      failure: ({ result }: { result?: Reply }) => result?.ok === false,
    })
    send(reply: Reply): Reply {
      return reply;
    }
  }
  const { send } = Client.prototype;
  for (const reply of replies) t.is(Reflect.apply(send, undefined, [reply]), reply);
  t.is(readValue(registry, ends, { outcome: 'success', error: 'none' }), 1);
  t.is(readValue(registry, ends, { outcome: 'failure', error: 'FailedResult' }), 1);
});

test('an observer that sees only starts or first items has no end because of `failure`', (t) => {
  const failure = (): boolean => false;
  t.deepEqual(Object.keys(judging({ start: () => {} }, failure, () => {})), ['start']);
  t.deepEqual(Object.keys(judging({ firstItem: () => {} }, failure, () => {})), ['firstItem']);
});

const firstItem = defineHistogram({ name: 'first_item_seconds', help: 'Times to the first item.' });

test('a result that is a failure is no first item; a stream has one before it is judged', (t) => {
  for (const byClass of [false, true]) {
    const registry = createTestRegistry();
    const failure = ({ result }: { result?: unknown }): boolean => (result as Reply).ok === false;
    @Instrumented({ registry, ...(byClass && { failure }) })
    class Api {
      @Timed(firstItem, { until: 'first-item', ...(!byClass && { failure }) })
      get(reply: unknown): unknown {
        return reply;
      }
    }
    const api = new Api();
    for (const reply of replies) {
      t.is(api.get(reply), reply);
      t.is(readHistogram(registry, firstItem)?.count, 1, 'the first reply, which is no failure');
    }
    const stream = api.get(
      (function* () {
        yield 1;
      })(),
    ) as Generator<number>;
    stream.next();
    t.is(readHistogram(registry, firstItem)?.count, 2);
    t.is(
      readValue(registry, metricsRecordingErrors, { metric: firstItem.name, reason: 'failure' }),
      undefined,
    );
    stream.next();
    t.is(readHistogram(registry, firstItem)?.count, 2);
  }
});

test('a method that is only timed to its first item passes on errors and results', async (t) => {
  const registry = createTestRegistry();
  class Api {
    @Timed(firstItem, { registry, until: 'first-item', ignore: [RangeError] })
    async get(error?: Error): Promise<string> {
      if (error !== undefined) throw error;
      return 'done';
    }
  }
  const api = new Api();
  t.is(await api.get(), 'done');
  for (const error of [new TypeError('no'), new RangeError('ignored')])
    await t.throwsAsync(api.get(error), { is: error });
  t.is(readHistogram(registry, firstItem)?.count, 1);
});

test('an error of `failure` is counted in the registry of the instance', (t) => {
  const registry = createTestRegistry();
  @Instrumented({
    registry: () => registry,
    failure: () => {
      throw new Error('cannot judge');
    },
  })
  class Api {
    @Counted(ends, { labels: { outcome, error: errorType } })
    get(): void {}
  }
  new Api().get();
  t.is(readValue(registry, ends, { outcome: 'success', error: 'none' }), 1);
  t.is(readValue(registry, metricsRecordingErrors, { metric: '@Instrumented', reason: 'failure' }), 1);
});

test('a decorated function may be detached before anything is known of its class', (t) => {
  const registry = createTestRegistry();
  class Api {
    @Counted(ends, { registry, labels: { outcome: outcome, error: fromClass('team', 'unknown') } })
    get(): void {}
  }
  const { get } = Api.prototype;
  get.call(null as never);
  t.is(readValue(registry, ends, { outcome: 'success', error: 'unknown' }), 1);
});
