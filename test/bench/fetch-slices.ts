/**
 * Slices of fetches over loopback in two processes, which take turns. If one process started and stopped `instrumentFetch` for each
 * slice, requests of both kinds would run through the same code of undici, which no service does: V8 compiles it for objects of
 * one kind, and both become slower.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { compiled } from '../helpers/package-root.js';
import { nextMessage } from './child.js';
import type { FetchSlice } from './fetch-app.js';
import type { Comparison, LadderSlices, Slices } from './ladder.js';
import { checkRecorded, slicesInTurn } from './slices-in-turn.js';

export async function fetchSlices(
  { lower, upper }: Comparison,
  plan: LadderSlices,
  seed: number,
): Promise<Slices> {
  const children: ChildProcess[] = [];
  const started = (script: string, args: readonly number[] = []): ChildProcess => {
    const child = fork(compiled(`test/bench/${script}`), args.map(String), { execArgv: [] });
    children.push(child);
    return child;
  };
  try {
    const port = await nextMessage<number>(started('ladder-server.ts'), 'ladder-server.ts');
    const client = (step: number): ChildProcess => started('fetch-app.ts', [step, port, plan.operations]);
    const clients = { lower: client(lower), upper: client(upper) };
    const recorded: { -readonly [Side in keyof Slices]?: number | undefined } = {};
    const slices = await slicesInTurn(plan, seed, async (side) => {
      clients[side].send('slice');
      const slice = await nextMessage<FetchSlice>(clients[side], 'fetch-app.ts');
      recorded[side] = slice.recorded;
      return slice.microseconds;
    });
    for (const found of [recorded.lower, recorded.upper]) checkRecorded(found, plan);
    return slices;
  } finally {
    for (const child of children) child.kill();
  }
}
