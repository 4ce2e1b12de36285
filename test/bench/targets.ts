/** What is promised, as ratios of one run; `npm run bench -- --check` fails where one is missed. */
import type { Kind, Shape } from './contender.js';
import type { Measurement } from './measure.js';

export interface Target {
  readonly kind: Kind;
  readonly shape: Shape;
  /** How many times faster than prom-client's at least. */
  readonly atLeast: number;
}

export const targets: readonly Target[] = [
  { kind: 'counter', shape: 'bound', atLeast: 50 },
  { kind: 'counter', shape: 'labelled', atLeast: 4 },
  { kind: 'histogram', shape: 'bound', atLeast: 30 },
  { kind: 'histogram', shape: 'labelled', atLeast: 5 },
];

export interface TargetResult extends Target {
  readonly ratio: number;
  readonly reached: boolean;
}

export function checkTargets(measurements: readonly Measurement[]): TargetResult[] {
  return targets.map((target) => {
    const time = (contender: string): number =>
      measurements.find(
        ({ kind, shape, contender: name }) =>
          kind === target.kind && shape === target.shape && name === contender,
      )?.nanoseconds ?? Number.NaN;
    const ratio = time('prom-client') / time('@tamma/observability');
    return { ...target, ratio, reached: ratio >= target.atLeast };
  });
}
