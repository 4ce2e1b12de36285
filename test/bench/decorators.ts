/** Cost that a decorator adds to a method, compared with autometrics and a hand-written wrapper that uses prom-client. */
import { measure } from 'mitata';
import * as promClient from 'prom-client';
import { Counted, Timed, TracksGauge } from '../../decorators/index.js';
import { defineCounter, defineGauge, defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { MetricsRegistry } from '../../lib/registry.js';
import { fetchedPackages } from '../helpers/fetched-packages.js';
import { asyncBatch, batch, syncBatch } from './call-batches.js';
import { drawn } from './contender.js';
import { median } from './measure.js';
import { atMost, type Verdict } from './verdict.js';

export interface DecoratorMeasurement {
  readonly name: string;
  /** Nanoseconds per call, median of the rounds. */
  readonly nanoseconds: number;
  readonly rounds: readonly number[];
}

type Decorator = (method: () => Promise<number>, context: ClassMethodDecoratorContext) => void;

const labels = { provider: label(), model: label() };
const fixed = { provider: 'claude', model: 'large' };
const calls = defineCounter({ name: 'calls_total', help: 'Calls.', labels });
const seconds = defineHistogram({ name: 'call_seconds', help: 'Durations.', labels });
const running = defineGauge({ name: 'calls_running', help: 'Calls in progress.', labels });
const registry = new MetricsRegistry();
const register = new promClient.Registry();

const byHand = {
  calls: new promClient.Counter({
    name: 'calls_total',
    help: 'Calls.',
    labelNames: ['provider', 'model'],
    registers: [register],
  }),
  seconds: new promClient.Histogram({
    name: 'call_seconds',
    help: 'Durations.',
    labelNames: ['provider', 'model'],
    registers: [register],
  }),
};

class Subject {
  n = 0;

  async bareAsync(): Promise<number> {
    return this.n;
  }
  @Timed(seconds, { registry, labels: fixed })
  async timed(): Promise<number> {
    return this.n;
  }
  @Timed(seconds, { registry, labels: fixed })
  @Counted(calls, { registry, labels: fixed })
  @TracksGauge(running, { registry, labels: fixed })
  async stacked(): Promise<number> {
    return this.n;
  }
  @Timed(seconds, {
    registry,
    labels: { provider: 'claude', model: ({ instance }) => (instance.n >= 0 ? 'large' : 'small') },
  })
  async labelled(): Promise<number> {
    return this.n;
  }
  @Timed(seconds, { registry, labels: fixed, sample: 100 })
  async sampled(): Promise<number> {
    return this.n;
  }
  async timedByHand(): Promise<number> {
    const stop = byHand.seconds.startTimer(fixed);
    try {
      return await this.bareAsync();
    } finally {
      stop();
    }
  }
  bareSync(): number {
    return this.n;
  }
  @Counted(calls, { registry, labels: fixed })
  counted(): number {
    return this.n;
  }
  countedByHand(): number {
    byHand.calls.inc(fixed);
    return this.bareSync();
  }
}

/** Loaded when it is measured, since it warns a second later that its metrics have no reader. */
async function decoratedWithAutometrics(): Promise<() => Promise<number>> {
  const { Autometrics }: { Autometrics(): Decorator } = (await fetchedPackages('autometrics'))(
    '@autometrics/autometrics',
  );
  class Measured {
    n = 0;
    @Autometrics()
    async autometrics(): Promise<number> {
      return this.n;
    }
  }
  const measured = new Measured();
  return () => measured.autometrics();
}

const subject = new Subject();
const bound = registry.counter(calls).with(fixed);
let sink = 0;

/** Two clock reads and one `.then` around the bare call: the lower bound for timing a promise. */
function clockedThen(): Promise<number> {
  const start = process.hrtime();
  return subject.bareAsync().then((value) => {
    const end = process.hrtime();
    sink += end[0] - start[0] + (end[1] - start[1]) * 1e-9;
    return value;
  });
}

const asynchronous: Readonly<Record<string, () => Promise<number>>> = {
  'async, bare': () => subject.bareAsync(),
  'async, two clock reads and a .then': clockedThen,
  'async, @Timed': () => subject.timed(),
  'async, @Timed, one in a hundred': () => subject.sampled(),
  'async, @Timed with a label function': () => subject.labelled(),
  'async, @Timed @Counted @TracksGauge': () => subject.stacked(),
  'async, prom-client by hand': () => subject.timedByHand(),
};

const synchronous: Readonly<Record<string, () => unknown>> = {
  'sync, bare': () => subject.bareSync(),
  'sync, bound increment': () => bound.inc(),
  'sync, @Counted': () => subject.counted(),
  'sync, prom-client by hand': () => subject.countedByHand(),
};

export async function measureDecorators({
  rounds,
  milliseconds,
}: {
  rounds: number;
  milliseconds: number;
}): Promise<DecoratorMeasurement[]> {
  const running = [
    ...Object.entries(synchronous).map(([name, call]) => ({
      name,
      operations: syncBatch(name, call),
      times: [] as number[],
    })),
    ...Object.entries({ ...asynchronous, 'async, @Autometrics': await decoratedWithAutometrics() }).map(
      ([name, call]) => ({
        name,
        operations: asyncBatch(name, call),
        times: [] as number[],
      }),
    ),
  ];
  const draw = drawn(rounds);
  for (let round = 0; round < rounds; round++) {
    const order = running.map((item) => ({ item, place: draw() })).sort((a, b) => a.place - b.place);
    for (const { item } of order) {
      const { p50 } = await measure(item.operations, {
        min_cpu_time: milliseconds * 1e6,
        batch_samples: 8,
        gc: false,
      });
      item.times.push(p50 / batch);
    }
  }
  if (!(sink >= 0)) throw new Error('the clock went backwards');
  return running.map(({ name, times }) => ({ name, nanoseconds: median(times), rounds: times }));
}

export function decoratorVerdicts(measurements: readonly DecoratorMeasurement[]): Verdict[] {
  const time = (name: string): number =>
    measurements.find((measurement) => measurement.name === name)?.nanoseconds ?? Number.NaN;
  const [timed, floor, stacked] = [
    time('async, @Timed'),
    time('async, two clock reads and a .then'),
    time('async, @Timed @Counted @TracksGauge'),
  ];
  const added = time('sync, @Counted') - time('sync, bare');
  const allowed = Math.round(Math.max(25, 3 * time('sync, bound increment')));
  return [
    atMost(
      '@Timed on an async method, compared with two clock reads and a .then',
      1.3,
      timed / floor,
      ' x',
      2,
    ),
    atMost('three stacked decorators, compared with one', 1.35, stacked / timed, ' x', 2),
    atMost('@Counted on a sync method adds', allowed, added, ' ns', 0),
  ];
}

export function decoratorTable(measurements: readonly DecoratorMeasurement[]): string {
  const rows = measurements.map(
    ({ name, nanoseconds }) =>
      `| ${name} | ${nanoseconds < 10 ? nanoseconds.toFixed(1) : nanoseconds.toFixed(0)} |`,
  );
  return ['| decorated method | ns per call |', '|---|---:|', ...rows].join('\n');
}
