/** What a call costs while somebody makes up a new label value for each, beside a call on series that are there. */
import { defineCounter, label } from '../../lib/definition.js';
import { MetricsRegistry } from '../../lib/registry.js';
import { median } from './measure.js';
import { atMost, type Verdict } from './verdict.js';

export interface AttackMeasurement {
  readonly calls: number;
  /** Medians over the rounds of the nanoseconds of a call. */
  readonly normal: number;
  readonly attacked: number;
}

/** Label objects made before each measured loop, so that making them is not measured. */
const batch = 50_000;

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
  const record = (sets: readonly ReturnType<typeof labelsOf>[]): number => {
    const start = performance.now();
    for (const labels of sets) counter.inc(labels);
    calls += sets.length;
    return ((performance.now() - start) * 1e6) / sets.length;
  };
  const known = Array.from({ length: 128 }, (_, index) => labelsOf(text(`user-${index}`)));
  record(known);
  const normal: number[] = [];
  const attacked: number[] = [];
  for (let round = -2; round < rounds; round++) {
    const usual = record(Array.from({ length: batch }, (_, index) => ({ ...known[index % 128] })) as never);
    const fresh = Array.from({ length: batch }, (_, index) => labelsOf(text(`attacker-${calls + index}`)));
    const made = record(fresh);
    // The first ones warm, and use the budget up.
    if (round < 0) continue;
    normal.push(usual);
    attacked.push(made);
  }
  const sum = [...counter.series].reduce((total, { value }) => total + value, 0);
  if (sum !== calls) throw new Error(`${calls} calls were counted as ${sum}`);
  return { calls, normal: median(normal), attacked: median(attacked) };
}

export function attackVerdicts({ normal, attacked }: AttackMeasurement): Verdict[] {
  return [
    atMost(
      'a call with a label value never seen, past the budget, against a usual one',
      10,
      attacked / normal,
      ' x',
    ),
  ];
}

export function attackTable({ calls, normal, attacked }: AttackMeasurement): string {
  return [
    `| a call of a counter with three labels, ${calls} calls | ns |`,
    '|---|---:|',
    `| on one of 128 series | ${normal.toFixed(0)} |`,
    `| with a value never seen, past the budget | ${attacked.toFixed(0)} |`,
  ].join('\n');
}

function text(rope: string): string {
  return Buffer.from(rope).toString('latin1');
}
