/** One comparison of a ladder, in a process of its own: slices of two steps in turn, in an order drawn for each pair. */
import { drawn } from './contender.js';
import type { LadderName, Slices } from './ladder.js';
import { koaStep } from './ladder-koa.js';
import { messagesStep } from './ladder-messages.js';

/** A step that can run, and what proves that it recorded. */
export interface RunningStep {
  /** Called before each slice; the function that it returns is called afterwards. Neither is measured. */
  readonly switchOn?: () => () => void;
  /** Runs that many operations, one after the other. */
  readonly run: (operations: number) => Promise<void>;
  /** Operations that its metrics contain; `undefined` if it records none. */
  readonly recorded?: () => Promise<number>;
}

const [ladder, lowerAt, upperAt, isLowerFirst, pairs, operations] = process.argv.slice(2);
const stepOf = { koa: koaStep, messages: messagesStep }[ladder as Exclude<LadderName, 'fetch'>];
const [lower, upper] =
  isLowerFirst === '1'
    ? [await stepOf(Number(lowerAt)), await stepOf(Number(upperAt))]
    : ([await stepOf(Number(upperAt)), await stepOf(Number(lowerAt))].reverse() as [
        RunningStep,
        RunningStep,
      ]);

const size = Number(operations);
for (let time = 0; time < 20; time++) for (const step of [lower, upper]) await timeOf(step);
const draw = drawn(size);
const slices = { lower: [] as number[], upper: [] as number[] };
for (let pair = 0; pair < Number(pairs); pair++) {
  const order = draw() < 0.5 ? (['lower', 'upper'] as const) : (['upper', 'lower'] as const);
  for (const which of order) slices[which].push(await timeOf(which === 'lower' ? lower : upper));
}
await prove(lower);
await prove(upper);
process.send?.(slices satisfies Slices);

async function timeOf({ run, switchOn }: RunningStep): Promise<number> {
  const switchOff = switchOn?.();
  const before = process.cpuUsage();
  await run(size);
  const { user, system } = process.cpuUsage(before);
  switchOff?.();
  return (user + system) / size;
}

async function prove({ recorded }: RunningStep): Promise<void> {
  const expected = (20 + Number(pairs)) * size;
  const found = (await recorded?.()) ?? expected;
  if (found < expected) throw new Error(`recorded ${found} of ${expected} operations`);
}
