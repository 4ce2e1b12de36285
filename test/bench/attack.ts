/** Cost of a call with a label value that was never used before, compared with a call on an existing series. */
import { defineCounter } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { MetricsRegistry } from '../../lib/registry.js';
import { median, quantile } from './measure.js';
import { atMost, type Verdict } from './verdict.js';

export interface AttackMeasurement {
  readonly calls: number;
  readonly normal: CallCost;
  readonly attacked: CallCost;
  /** Time between two consecutive clock reads. It is included in `p50` and `p99` of both sides. */
  readonly clock: number;
}

/** Nanoseconds. */
export interface CallCost {
  /** Mean duration of a call in a loop that reads the clock only at its ends; median of the rounds. */
  readonly mean: number;
  /** Percentiles of all calls, each timed on its own. */
  readonly p50: number;
  readonly p99: number;
}

/**
 * Label objects are created before each measured loop, so that creating them is not measured. There are few, as in a service:
 * with fifty thousand, half of the time would go to garbage collection and cache misses.
 */
const batch = 2_000;

/** Unmeasured rounds: they warm up the code and exhaust the series budget. */
const warmUp = 50;

export function measureAttack({ rounds }: { rounds: number }): AttackMeasurement {
  const registry = new MetricsRegistry({ onWarning: () => {} });
  const counter = registry.counter(
    defineCounter({
      name: 'attacked_total',
      help: 'Attacked.',
      labels: { user: label(), kind: label(), place: label() },
    }),
  );
  let calls = 0;
  const labelsOf = (user: string) => ({ user, kind: `kind-${calls % 4}`, place: 'here' });
  type Labels = ReturnType<typeof labelsOf>;
  const record = (sets: readonly Labels[]): number => {
    const start = performance.now();
    for (const labels of sets) counter.inc(labels);
    calls += sets.length;
    return ((performance.now() - start) * 1e6) / sets.length;
  };
  const recordEach = (sets: readonly Labels[], times: Float64Array): void => {
    for (let index = 0; index < sets.length; index++) {
      const start = performance.now();
      counter.inc(sets[index] as Labels);
      times[index] = (performance.now() - start) * 1e6;
    }
    calls += sets.length;
  };
  const known = Array.from({ length: 128 }, (_, index) => labelsOf(text(`user-${index}`)));
  record(known);
  const usual = (): Labels[] =>
    Array.from({ length: batch }, (_, index) => ({ ...(known[index % 128] as Labels) }));
  const fresh = (): Labels[] =>
    Array.from({ length: batch }, (_, index) => labelsOf(text(`attacker-${calls + index}`)));
  const sides = [usual, fresh].map((made) => ({
    made,
    means: [] as number[],
    each: [] as Float64Array[],
  }));
  for (let round = -warmUp; round < rounds; round++) {
    for (const { made, means, each } of sides) {
      const mean = record(made());
      const times = new Float64Array(batch);
      recordEach(made(), times);
      if (round < 0) continue;
      means.push(mean);
      each.push(times);
    }
  }
  const sum = [...counter.series].reduce((total, { value }) => total + value, 0);
  if (sum !== calls) throw new Error(`${calls} calls were counted as ${sum}`);
  const [normal, attacked] = sides.map(({ means, each }) => {
    const all = each.flatMap((times) => [...times]);
    return { mean: median(means), p50: quantile(all, 0.5), p99: quantile(all, 0.99) };
  }) as [CallCost, CallCost];
  return { calls, normal, attacked, clock: clockCost() };
}

function clockCost(): number {
  const times = Array.from({ length: batch }, () => {
    const start = performance.now();
    return (performance.now() - start) * 1e6;
  });
  return quantile(times, 0.5);
}

export function attackVerdicts({ normal, attacked }: AttackMeasurement): Verdict[] {
  const claim = 'a call with a new label value, budget exhausted, compared with an existing one';
  return [
    atMost(`${claim}, mean`, 10, attacked.mean / normal.mean, ' x'),
    atMost(`${claim}, timed individually, p50`, 10, attacked.p50 / normal.p50, ' x'),
    atMost(`${claim}, timed individually, p99`, 10, attacked.p99 / normal.p99, ' x'),
  ];
}

export function attackTable({ calls, normal, attacked, clock }: AttackMeasurement): string {
  const cells = ({ mean, p50, p99 }: CallCost): string =>
    [mean, p50, p99].map((nanoseconds) => nanoseconds.toFixed(0)).join(' | ');
  return [
    `| ns per call of a counter with three labels, ${calls} calls | mean | p50, timed individually | p99 |`,
    '|---|---:|---:|---:|',
    `| one of 128 existing series | ${cells(normal)} |`,
    `| a new label value, budget exhausted | ${cells(attacked)} |`,
    '',
    `p50 and p99 include ${clock.toFixed(0)} ns for reading the clock, in both rows.`,
  ].join('\n');
}

function text(rope: string): string {
  return Buffer.from(rope).toString('latin1');
}
