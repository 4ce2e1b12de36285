/** Measures subjects side by side: in each round all of them in random order; the result is the median of the rounds. */
import { measure } from 'mitata';
import {
  type Contender,
  drawn,
  inputs,
  type Kind,
  kinds,
  labelSets,
  type Shape,
  type Subject,
  shapes,
} from './contender.js';

export interface Measurement {
  readonly kind: Kind;
  readonly shape: Shape;
  readonly contender: string;
  /** Nanoseconds per operation, median of the rounds. */
  readonly nanoseconds: number;
  /** Nanoseconds per operation of each round. */
  readonly rounds: readonly number[];
}

export interface Plan {
  readonly contenders: readonly Contender[];
  readonly rounds: number;
  /** Minimum time per subject and round, in milliseconds. */
  readonly milliseconds: number;
  readonly kinds?: readonly Kind[];
  readonly shapes?: readonly Shape[];
  readonly onProgress?: (what: string) => void;
}

/**
 * Runs the plan.
 * @throws an Error if a library did not record the operations: its time would be meaningless
 */
export async function measureSideBySide(plan: Plan): Promise<Measurement[]> {
  warmAlike(plan.contenders);
  const measurements: Measurement[] = [];
  for (const kind of plan.kinds ?? (Object.keys(kinds) as Kind[])) {
    for (const shape of plan.shapes ?? (Object.keys(shapes) as Shape[])) {
      plan.onProgress?.(`${kind}, ${shape}`);
      measurements.push(...(await measureOne(plan, kind, shape)));
    }
  }
  return measurements;
}

async function measureOne(
  { contenders, rounds, milliseconds }: Plan,
  kind: Kind,
  shape: Shape,
): Promise<Measurement[]> {
  const running = contenders.flatMap((contender) => {
    const subject = contender.subject(kind, shape, 'measured');
    return subject === undefined
      ? []
      : [
          {
            contender: contender.name,
            subject,
            operations: batchOn(contender.name, subject, kind, shape),
            times: [] as number[],
          },
        ];
  });
  for (const { contender, subject, operations } of running) await prove(kind, contender, subject, operations);
  const draw = drawn(rounds);
  for (let round = 0; round < rounds; round++) {
    for (const { operations, times } of shuffled(running, draw)) {
      const { p50 } = await measure(operations, {
        min_cpu_time: milliseconds * 1e6,
        batch_samples: 8,
        gc: false,
      });
      times.push(p50 / batch);
    }
  }
  return running.map(({ contender, times }) => ({
    kind,
    shape,
    contender,
    nanoseconds: median(times),
    rounds: times,
  }));
}

/** Operations per measured function, so that the cost of calling that function is negligible. */
const batch = 256;

/**
 * A batch of operations with the next of the prepared inputs, if they need input. Each subject has its own code, created by
 * `new Function`: a closure that all share would have a megamorphic call site, whose 5 ns exceed some of the measurements.
 */
function batchOn(contender: string, { record }: Subject, kind: Kind, shape: Shape): () => void {
  // The generated comment is needed: V8 caches by source text, so equal texts would share one function.
  const loop = (operation: string): string =>
    `/* ${contender} ${kind} ${shape} */ for (let time = 0; time < ${batch}; time++) { ${operation} }`;
  // A counter and a timer take no value.
  if (shape !== 'labelled' && (kind === 'counter' || kind === 'timer')) {
    return new Function('record', 'labels', `return () => { ${loop('record(labels, 1);')} }`)(
      record,
      inputs[0]?.labels,
    );
  }
  const input = `inputs[next++ & ${inputs.length - 1}]`;
  const operation =
    shape === 'labelled'
      ? `const { labels, value } = ${input}; record(labels, value);`
      : `record(labels, ${input}.value);`;
  return new Function(
    'record',
    'inputs',
    `let next = 0; const { labels } = inputs[0]; return () => { ${loop(operation)} }`,
  )(record, inputs);
}

/** A batch of operations must increase the count by as many; a gauge must have the value it was set to. */
async function prove(kind: Kind, contender: string, subject: Subject, operations: () => void): Promise<void> {
  if (kind === 'gauge') {
    subject.record(labelSets[0] as (typeof labelSets)[number], 0.125);
    if ((await subject.recorded()) !== 0.125) throw new Error(`${contender}: the gauge was not set`);
    return;
  }
  const before = await subject.recorded();
  operations();
  const recorded = (await subject.recorded()) - before;
  if (recorded !== batch)
    throw new Error(`${contender}: ${batch} operations on a ${kind} recorded ${recorded}`);
}

/** Uses other metrics of every library first, so that its code is as polymorphic as in a service. */
function warmAlike(contenders: readonly Contender[]): void {
  for (const { subject } of contenders) {
    for (const kind of Object.keys(kinds) as Kind[]) {
      for (const shape of Object.keys(shapes) as Shape[]) {
        for (let other = 0; other < 4; other++) {
          const warmed = subject(kind, shape, `other_${other}`);
          for (let time = 0; time < 2000; time++) {
            const { labels, value } = inputs[time & 4095] as (typeof inputs)[number];
            warmed?.record(labels, value);
          }
        }
      }
    }
  }
}

function shuffled<T>(list: readonly T[], draw: () => number): T[] {
  return list
    .map((item) => ({ item, place: draw() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** The smallest of the numbers that the given share of them, from 0 to 1, does not exceed. */
export function quantile(numbers: Iterable<number>, share: number): number {
  const sorted = Float64Array.from(numbers).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
