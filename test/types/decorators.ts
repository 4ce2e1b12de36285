/**
 * Code that must and must not compile, in both decorator modes: `tsc` checks this file with and without
 * `experimentalDecorators`, and an unused `@ts-expect-error` is an error. Nothing here is executed.
 */
import * as prometheusClient from '@prometheus-io/client';
import { expectTypeOf } from 'expect-type';
import * as promClient from 'prom-client';
import {
  Counted,
  errorType,
  fromClass,
  fromContext,
  Instrumented,
  instrument,
  outcome,
  Timed,
  TracksGauge,
} from '../../decorators/index.js';
import { defineCounter, defineGauge, defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { sharedRegistry } from '../../lib/registry.js';

const requests = defineCounter({
  name: 'requests_total',
  help: 'Requests.',
  labels: { model: label(), kind: label('chat', 'embed') },
});
const ends = defineCounter({
  name: 'ends_total',
  help: 'Ends.',
  labels: { outcome: label('success', 'failure', 'escalation') },
});
const twoEnds = defineCounter({
  name: 'two_ends_total',
  help: 'Ends.',
  labels: { outcome: label('success', 'failure') },
});
const oneEnd = defineCounter({ name: 'one_end_total', help: 'Ends.', labels: { outcome: label('success') } });
const plain = defineCounter({ name: 'plain_total', help: 'Plain.' });
const seconds = defineHistogram({ name: 'call_seconds', help: 'Durations.', labels: { model: label() } });
const running = defineGauge({ name: 'running', help: 'In progress.', labels: { model: label() } });

interface Request {
  readonly model: string;
  readonly tokens: number;
}

export class Accepted {
  region = 'eu';

  // The arguments, `this` and the awaited result are typed from the method, without annotations.
  @Counted(requests, {
    labels: {
      model: (call) => {
        expectTypeOf(call.args).toEqualTypeOf<[Request, (number | undefined)?]>();
        expectTypeOf(call.result).toEqualTypeOf<{ id: number } | undefined>();
        expectTypeOf(call.outcome).toEqualTypeOf<'success' | 'failure' | 'escalation'>();
        return call.args[0].model;
      },
      kind: 'chat',
    },
    value: ({ args: [request] }) => request.tokens,
  })
  async asynchronous(_request: Request, _retries?: number): Promise<{ id: number }> {
    return { id: 1 };
  }

  @Counted(requests, {
    labels: {
      model: ({ instance }) => instance.region,
      kind: ({ result }) => (result === 1 ? 'chat' : 'embed'),
    },
  })
  synchronous(): number {
    return 1;
  }

  // An open label accepts strings, numbers and booleans.
  @Timed(seconds, { labels: { model: ({ args: [id] }) => id } })
  @TracksGauge(running, { labels: { model: 4 } })
  numbered(_id: number): void {}

  @Counted(ends, { labels: { outcome } })
  @Timed(seconds, { labels: { model: errorType } })
  ready(): void {}

  // Escalations count as failures if the closed set has no `escalation`.
  @Counted(twoEnds, { labels: { outcome } })
  twoOutcomes(): void {}

  @Counted(ends, { labels: { outcome: 'success' } })
  generic<T extends string>(value: T, ..._rest: number[]): T {
    return value;
  }

  @Counted(plain)
  @Counted(plain, { when: 'failure' })
  unlabelled(): void {}

  @Counted()
  @Timed()
  @TracksGauge()
  metricless(): void {}

  @Counted(requests, { labels: { model: ({ instance }) => instance.name, kind: 'chat' } })
  static fixed(): void {}
}

export class Rejected {
  // @ts-expect-error a property that the argument does not have
  @Counted(requests, { labels: { model: ({ args: [request] }) => request.modle, kind: 'chat' } })
  wrongProperty(_request: Request): void {}

  // @ts-expect-error a source written for another argument type
  @Counted(requests, { labels: { model: ({ args: [name] }: { args: [string] }) => name, kind: 'chat' } })
  wrongArgument(_count: number): void {}

  // @ts-expect-error an argument that the method does not take
  @Counted(requests, { labels: { model: ({ args: [, second] }) => second, kind: 'chat' } })
  missingArgument(_first: string): void {}

  // @ts-expect-error a property that the instance does not have
  @Counted(requests, { labels: { model: ({ instance }) => instance.nowhere, kind: 'chat' } })
  wrongInstance(): void {}

  // @ts-expect-error a property that the result does not have
  @Counted(requests, { labels: { model: ({ result }) => result?.nowhere, kind: 'chat' } })
  async wrongResult(): Promise<{ id: number }> {
    return { id: 1 };
  }

  // @ts-expect-error an object is not a label value
  @Counted(requests, { labels: { model: ({ args: [request] }) => request, kind: 'chat' } })
  wrongValue(_request: Request): void {}

  // @ts-expect-error a missing label
  @Counted(requests, { labels: { kind: 'chat' } })
  missingLabel(): void {}

  // @ts-expect-error no labels at all
  @Counted(requests)
  noLabels(): void {}

  // @ts-expect-error a misspelt label
  @Counted(requests, { labels: { model: 'a', kind: 'chat', knid: 'chat' } })
  misspeltLabel(): void {}

  // @ts-expect-error a label on a metric that has none
  @Counted(plain, { labels: { model: 'a' } })
  labelTooMany(): void {}

  // @ts-expect-error a value outside the closed set
  @Counted(requests, { labels: { model: 'a', kind: 'talk' } })
  outsideValue(): void {}

  // @ts-expect-error a source that gives a value outside the closed set
  @Counted(requests, { labels: { model: 'a', kind: () => 'talk' } })
  outsideSource(): void {}

  // @ts-expect-error `Counted` with a histogram
  @Counted(seconds, { labels: { model: 'a' } })
  wrongMetric(): void {}

  // @ts-expect-error `Timed` with a counter
  @Timed(plain)
  wrongTimed(): void {}

  // @ts-expect-error an unknown option
  @Counted(plain, { wen: 'failure' })
  unknownOption(): void {}

  // @ts-expect-error `value` must return a number
  @Counted(plain, { value: () => 'many' })
  wrongAmount(): void {}

  // @ts-expect-error a closed set without `failure`
  @Counted(oneEnd, { labels: { outcome } })
  oneOutcome(): void {}

  // @ts-expect-error a getter
  @Counted(ends, { labels: { outcome } })
  get getter(): number {
    return 1;
  }

  // @ts-expect-error a field
  @Counted(ends, { labels: { outcome } })
  field = 1;

  // @ts-expect-error a field that holds a function
  @Counted()
  functionField = (): number => 1;
}

@Instrumented({
  labels: { provider: 'claude' },
  registry: ({ region }: Whole) => (region === '' ? sharedRegistry : sharedRegistry),
  methods: ['run'],
})
export class Whole {
  region = 'eu';
  run(): void {}

  @Counted(requests, {
    labels: { model: fromClass('model'), kind: 'chat' },
    registry: ({ region }) => (region === '' ? sharedRegistry : sharedRegistry),
  })
  @Timed(seconds, {
    labels: { model: fromContext('model') },
    until: 'first-item',
    sample: 10,
    ignore: [RangeError],
  })
  @Counted(plain, { errors: [TypeError] })
  @Counted({ name: 'Whole.stream' })
  async *stream(): AsyncGenerator<number> {
    yield 1;
  }
}

async function send(request: Request): Promise<{ id: number }> {
  return { id: request.tokens };
}
export const sent = instrument(
  send,
  Timed(seconds, { labels: { model: ({ args: [request] }) => request.model } }),
  Counted(plain, { value: ({ result }) => result?.id }),
  Counted(),
);
expectTypeOf(sent).toEqualTypeOf<typeof send>();

// @ts-expect-error an argument that the function does not take
instrument(send, Timed(seconds, { labels: { model: ({ args: [, retries] }) => retries } }));

export class RejectedOptions {
  // @ts-expect-error a registry function of another class
  @Counted(plain, { registry: ({ nowhere }) => nowhere })
  wrongRegistry(): void {}

  // @ts-expect-error `until` is the end or the first item
  @Timed(seconds, { labels: { model: 'a' }, until: 'second-item' })
  wrongUntil(): void {}

  // @ts-expect-error errors are given as classes
  @Counted(plain, { errors: ['RateLimitError'] })
  wrongErrors(): void {}

  // @ts-expect-error a getter has no value to track
  @TracksGauge(running, { labels: { model: 'a' } })
  get getter(): number {
    return 1;
  }

  // @ts-expect-error a class decorator
  @Instrumented()
  onMethod(): void {}
}

// @ts-expect-error a class
@Counted()
export class OnClass {}

/** Metrics of prom-client that exist already: typed by their label names. */
const clientCalls = new promClient.Counter({
  name: 'calls_total',
  help: 'Calls.',
  labelNames: ['code', 'model'],
});
const clientPlain = new promClient.Counter({ name: 'plain_total', help: 'Plain.' });
const clientSeconds = new promClient.Histogram({ name: 'seconds', help: 'Seconds.', labelNames: ['code'] });
const clientSummary = new promClient.Summary({ name: 'summary', help: 'Seconds.', labelNames: ['code'] });
const clientGauge = new promClient.Gauge({ name: 'depth', help: 'Depth.', labelNames: ['code'] });
const otherCalls = new prometheusClient.Counter({
  name: 'calls_total',
  help: 'Calls.',
  labelNames: ['code'],
});
const otherGauge = new prometheusClient.Gauge({ name: 'depth', help: 'Depth.', labelNames: ['code'] });

export class AcceptedClientMetrics {
  @Counted(clientCalls, {
    labels: {
      code: ({ result }) => result?.status ?? 0,
      model: (call) => {
        expectTypeOf(call.args).toEqualTypeOf<[Request]>();
        return call.args[0].model;
      },
    },
    failure: ({ result }) => result?.status === 500,
  })
  @Timed(clientSeconds, { labels: { code: errorType }, ignore: [TypeError] })
  @Timed(clientSummary, { labels: { code: 'a' }, until: 'first-item' })
  @TracksGauge(clientGauge, { labels: { code: 'a' }, set: ({ result }) => result?.status })
  @Counted(otherCalls, { labels: { code: ({ args: [request] }) => request.model } })
  @TracksGauge(otherGauge, { labels: { code: 'a' } })
  @Counted(clientPlain)
  async send(_request: Request): Promise<{ status: number }> {
    return { status: 200 };
  }
}

export class RejectedClientMetrics {
  // @ts-expect-error a label that the metric does not have
  @Counted(clientCalls, { labels: { code: '1', model: 'a', region: 'eu' } })
  unknownLabel(): void {}

  // @ts-expect-error a label without a source
  @Counted(clientCalls, { labels: { code: '1' } })
  missingLabel(): void {}

  // @ts-expect-error no labels
  @Counted(clientCalls)
  noLabels(): void {}

  // @ts-expect-error a gauge is not a counter
  @Counted(clientGauge, { labels: { code: 'a' } })
  gauge(): void {}

  // @ts-expect-error a counter is not a histogram
  @Timed(clientCalls, { labels: { code: '1', model: 'a' } })
  counter(): void {}

  // @ts-expect-error a counter is not a gauge
  @TracksGauge(clientCalls, { labels: { code: '1', model: 'a' } })
  notGauge(): void {}

  // @ts-expect-error the metric is in a registry already
  @Counted(clientPlain, { registry: sharedRegistry })
  registry(): void {}

  // @ts-expect-error another library's label, of the other client
  @Counted(otherCalls, { labels: { model: 'a' } })
  otherLabel(): void {}
}

/** `failure` is typed from the method. */
export class Failures {
  @Counted({ failure: ({ result }) => !result.ok })
  @Timed(seconds, { labels: { model: 'a' }, failure: ({ args: [reply] }) => !reply.ok })
  judged(reply: { ok: boolean }): { ok: boolean } {
    return reply;
  }

  // @ts-expect-error a property that the result does not have
  @Counted({ failure: ({ result }) => result?.nowhere === 1 })
  wrongResult(): { ok: boolean } {
    return { ok: true };
  }

  // @ts-expect-error a promise says nothing at the end of a call
  @Counted({ failure: async () => true })
  asynchronous(): void {}
}

@Instrumented({ failure: ({ instance }) => instance !== undefined, methods: ['run'] })
export class PrivateConstructor {
  private constructor() {}
  static make(): PrivateConstructor {
    return new PrivateConstructor();
  }
  @Counted()
  run(): void {}
}

@Instrumented({ labels: { provider: 'a' } })
export abstract class ProtectedConstructor {
  protected constructor() {}
  @Counted()
  run(): void {}
}
