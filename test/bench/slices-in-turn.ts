/** Slices of the two steps of a comparison in turn, in an order drawn for each pair. */
import { drawn } from './contender.js';
import type { LadderSlices, Slices } from './ladder.js';

/** Pairs before the first one that counts. */
const warmUp = 20;

/** @param timeOf runs a slice; microseconds per operation */
export async function slicesInTurn(
  { pairs }: Pick<LadderSlices, 'pairs'>,
  seed: number,
  timeOf: (side: keyof Slices) => Promise<number>,
): Promise<Slices> {
  const slices = { lower: [] as number[], upper: [] as number[] };
  const draw = drawn(seed);
  for (let pair = 0; pair < warmUp + pairs; pair++) {
    const order = draw() < 0.5 ? (['lower', 'upper'] as const) : (['upper', 'lower'] as const);
    for (const side of order) {
      const time = await timeOf(side);
      if (pair >= warmUp) slices[side].push(time);
    }
  }
  return slices;
}

/** @throws an Error if the metrics of a step contain fewer operations than ran; `undefined`: it records none */
export function checkRecorded(
  recorded: number | undefined,
  { pairs, operations }: Pick<LadderSlices, 'pairs' | 'operations'>,
): void {
  const expected = (warmUp + pairs) * operations;
  if (recorded !== undefined && recorded < expected)
    throw new Error(`recorded ${recorded} of ${expected} operations`);
}
