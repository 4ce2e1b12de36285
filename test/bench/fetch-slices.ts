/**
 * Slices of fetches over loopback in two processes, which take turns. If one process started and stopped `instrumentFetch` for each
 * slice, requests of both kinds would run through the same code of undici, which no service does: V8 compiles it for objects of
 * one kind, and both become slower.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { compiled } from '../helpers/package-root.js';
import { drawn } from './contender.js';
import type { FetchSlice } from './fetch-app.js';
import type { Comparison, LadderSlices, Slices } from './ladder.js';

/** Slices before the first one that counts. */
const warmUp = 20;

export async function fetchSlices(
  { lower, upper }: Comparison,
  { pairs, operations }: LadderSlices,
  seed: number,
): Promise<Slices> {
  const server = fork(compiled('test/bench/ladder-server.ts'), { execArgv: [] });
  const clients: ChildProcess[] = [];
  const client = (step: number, port: number): ChildProcess => {
    const args = [step, port, operations].map(String);
    const child = fork(compiled('test/bench/fetch-app.ts'), args, { execArgv: [] });
    clients.push(child);
    return child;
  };
  try {
    const [port] = (await once(server, 'message')) as [number];
    const sides = { lower: client(lower, port), upper: client(upper, port) } as const;
    const slices = { lower: [] as number[], upper: [] as number[] };
    const draw = drawn(seed);
    for (let pair = 0; pair < warmUp + pairs; pair++) {
      const order = draw() < 0.5 ? (['lower', 'upper'] as const) : (['upper', 'lower'] as const);
      for (const side of order) {
        const { microseconds, recorded } = await sliceOf(sides[side]);
        const expected = (pair + 1) * operations;
        if ((recorded ?? expected) < expected)
          throw new Error(`recorded ${recorded} of ${expected} operations`);
        if (pair >= warmUp) slices[side].push(microseconds);
      }
    }
    return slices;
  } finally {
    for (const child of [server, ...clients]) child.kill();
  }
}

async function sliceOf(child: ChildProcess): Promise<FetchSlice> {
  child.send('slice');
  const [slice] = (await once(child, 'message')) as [FetchSlice];
  return slice;
}
