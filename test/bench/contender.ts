/** The operations that are measured for each library, and their input, which is the same for all. */

/** The labels of the labelled shape. */
export type Labels = { readonly provider: string; readonly model: string; readonly operation: string };

export const labelNames = ['provider', 'model', 'operation'] as const;

/** The kinds of instruments, with their operation. */
export const kinds = {
  counter: 'add 1',
  gauge: 'set',
  histogram: 'observe, 11 buckets',
  timer: 'start and stop, into the histogram',
} as const;
export type Kind = keyof typeof kinds;

/** How the caller selects the series. */
export const shapes = {
  unlabelled: 'no labels',
  bound: 'bound series (child)',
  labelled: '3 labels by object, drawn from 128 sets',
} as const;
export type Shape = keyof typeof shapes;

/** Bounds of the histograms, prom-client's default. */
export const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Records once. `value` is an amount or an observation; timers ignore it. */
export type Recording = (labels: Labels, value: number) => void;

/** One library's instrument of one kind, used in one shape. */
export interface Subject {
  readonly record: Recording;
  /** Number of recordings so far, which proves that the measured calls worked; for a gauge, its value. */
  readonly recorded: () => number | Promise<number>;
}

export interface Contender {
  readonly name: string;
  /** Package whose version is reported; `undefined` for a floor. */
  readonly package: string | undefined;
  /** A new subject; `undefined` if the library does not support it. */
  readonly subject: (kind: Kind, shape: Shape, name: string) => Subject | undefined;
}

/** A linear congruential generator, so that every run has the same input. */
export function drawn(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const draw = drawn();
const among = (prefix: string, count: number): string => `${prefix}-${Math.floor(draw() * count)}`;

/** 128 label sets. Each has its own strings, as in a service. */
export const labelSets: readonly Labels[] = Array.from({ length: 128 }, () => ({
  provider: among('provider', 4),
  model: among('model', 40),
  operation: among('operation', 8),
}));

/** 4,096 random pairs of label set and value, which are repeated. Values are like durations, 1 ms to 30 s. */
export const inputs: readonly { readonly labels: Labels; readonly value: number }[] = Array.from(
  { length: 4096 },
  () => ({
    labels: labelSets[Math.floor(draw() * labelSets.length)] as Labels,
    value: 0.001 * 30_000 ** draw(),
  }),
);
