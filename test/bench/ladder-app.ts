/** One comparison of a ladder, in a process of its own: slices of two steps in turn, in an order drawn for each pair. */
import { sendResult } from './child.js';
import type { LadderName } from './ladder.js';
import { koaStep } from './ladder-koa.js';
import { messagesStep } from './ladder-messages.js';
import { checkRecorded, slicesInTurn } from './slices-in-turn.js';

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
const plan = { pairs: Number(pairs), operations: size };
const slices = await slicesInTurn(plan, size, (side) => timeOf(side === 'lower' ? lower : upper));
for (const { recorded } of [lower, upper]) checkRecorded(await recorded?.(), plan);
sendResult(slices);

async function timeOf({ run, switchOn }: RunningStep): Promise<number> {
  const switchOff = switchOn?.();
  const before = process.cpuUsage();
  await run(size);
  const { user, system } = process.cpuUsage(before);
  switchOff?.();
  return (user + system) / size;
}
