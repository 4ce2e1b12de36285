/** Cost of instruments and decorators whose registry is disabled, compared with code without them. */
import { measure } from 'mitata';
import { Counted, Timed, TracksGauge } from '../../decorators/index.js';
import { defineCounter, defineGauge, defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { MetricsRegistry } from '../../lib/registry.js';
import { asyncBatch, batch, syncBatch } from './call-batches.js';
import { drawn } from './contender.js';
import type { DecoratorMeasurement } from './decorators.js';
import { median } from './measure.js';
import { atMost, type Verdict } from './verdict.js';

export type DisabledMeasurement = DecoratorMeasurement;

const labels = { provider: label(), model: label() };
const fixed = { provider: 'claude', model: 'large' };
const calls = defineCounter({ name: 'calls_total', help: 'Calls.', labels });
const bareCalls = defineCounter({ name: 'bare_calls_total', help: 'Calls.' });
const seconds = defineHistogram({ name: 'call_seconds', help: 'Durations.', labels });
const running = defineGauge({ name: 'calls_running', help: 'Calls in progress.', labels });

/** Created per measurement: if any registry is disabled, every decorated method of the process checks its own registry. */
function subjectsIn(registry: MetricsRegistry) {
  const asked = { count: 0 };
  const model = (): string => {
    asked.count += 1;
    return 'large';
  };
  class Subject {
    n = 0;
    bare(): number {
      this.n += 1;
      return this.n;
    }
    @Counted(calls, { registry, labels: fixed })
    counted(): number {
      this.n += 1;
      return this.n;
    }
    @Counted(calls, { registry, labels: { provider: 'claude', model } })
    labelled(): number {
      this.n += 1;
      return this.n;
    }
    async bareAsync(): Promise<number> {
      this.n += 1;
      return this.n;
    }
    @Timed(seconds, { registry, labels: fixed })
    async timed(): Promise<number> {
      this.n += 1;
      return this.n;
    }
    @Timed(seconds, { registry, labels: fixed })
    @Counted(calls, { registry, labels: { provider: 'claude', model } })
    @TracksGauge(running, { registry, labels: fixed })
    async stacked(): Promise<number> {
      this.n += 1;
      return this.n;
    }
  }
  const subject = new Subject();
  const plain = { value: 0 };
  const bareCounter = registry.counter(bareCalls);
  const counter = registry.counter(calls);
  const bound = counter.with(fixed);
  const synchronous: Readonly<Record<string, () => unknown>> = {
    'a field of an object, += 1': () => {
      plain.value += 1;
    },
    'bound.inc(), off': () => bound.inc(),
    'counter.inc(), off': () => bareCounter.inc(),
    'counter.inc(labels), off': () => counter.inc(fixed),
    'sync, bare': () => subject.bare(),
    'sync, @Counted, off': () => subject.counted(),
    'sync, @Counted with a label function, off': () => subject.labelled(),
  };
  const asynchronous: Readonly<Record<string, () => Promise<number>>> = {
    'async, bare': () => subject.bareAsync(),
    'async, @Timed, off': () => subject.timed(),
    'async, @Timed @Counted @TracksGauge, off': () => subject.stacked(),
  };
  return { synchronous, asynchronous, asked, subject };
}

/**
 * Measures the subjects in turn.
 * @param registry default: a disabled one
 * @throws an Error if a value was recorded, a label source was called, or a method was not called
 */
export async function measureDisabled({
  rounds,
  milliseconds,
  registry = new MetricsRegistry({ enabled: false }),
}: {
  rounds: number;
  milliseconds: number;
  registry?: MetricsRegistry;
}): Promise<DisabledMeasurement[]> {
  const { synchronous, asynchronous, asked, subject } = subjectsIn(registry);
  const timed = [
    ...Object.entries(synchronous).map(([name, call]) => ({ name, operations: syncBatch(name, call) })),
    ...Object.entries(asynchronous).map(([name, call]) => ({ name, operations: asyncBatch(name, call) })),
  ].map((one) => ({ ...one, times: [] as number[] }));
  const draw = drawn(rounds);
  for (let round = 0; round < rounds; round++) {
    const order = timed.map((item) => ({ item, place: draw() })).sort((a, b) => a.place - b.place);
    for (const { item } of order) {
      const before = subject.n;
      const { p50 } = await measure(item.operations, {
        min_cpu_time: milliseconds * 1e6,
        batch_samples: 8,
        gc: false,
      });
      if (/^a?sync/.test(item.name) && subject.n - before < batch)
        throw new Error(`${item.name}: the method was not called`);
      item.times.push(p50 / batch);
    }
  }
  const text = await registry.metrics();
  if (text !== '') throw new Error(`expected a registry that records nothing, received:\n${text}`);
  if (asked.count > 0) throw new Error(`expected no call of a label source, received ${asked.count} calls`);
  return timed.map(({ name, times }) => ({ name, nanoseconds: median(times), rounds: times }));
}

export function disabledVerdicts(measurements: readonly DisabledMeasurement[]): Verdict[] {
  const time = (name: string): number =>
    measurements.find((measurement) => measurement.name === name)?.nanoseconds ?? Number.NaN;
  return [
    atMost('a disabled counter with labels', 10, time('counter.inc(labels), off'), ' ns'),
    atMost(
      'disabled @Counted on a sync method adds',
      10,
      time('sync, @Counted with a label function, off') - time('sync, bare'),
      ' ns',
    ),
    atMost(
      'three disabled decorators on an async method add',
      75,
      time('async, @Timed @Counted @TracksGauge, off') - time('async, bare'),
      ' ns',
      0,
    ),
  ];
}

export function disabledTable(measurements: readonly DisabledMeasurement[]): string {
  const rows = measurements.map(({ name, nanoseconds }) => `| ${name} | ${nanoseconds.toFixed(1)} |`);
  return ['| call with a disabled registry | ns |', '|---|---:|', ...rows].join('\n');
}
