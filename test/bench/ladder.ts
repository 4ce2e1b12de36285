/**
 * Where the time of a measured request goes: steps that each add one thing to the step before. The two steps of a comparison run
 * in slices that alternate, in a process of their own (fetches in two), and the result is the median of the differences in CPU time.
 */
import { resultOf } from './child.js';
import { fetchSlices } from './fetch-slices.js';
import { type Added, bootstrapInterval } from './koa.js';
import type { ProfiledFunction } from './koa-profile.js';
import { median } from './measure.js';
import { atMost, type Verdict } from './verdict.js';

/** The steps of both ladders, in order. The last step of Koa's is compared with the one before: all measures. */
export const ladders = {
  koa: [
    'no middleware',
    'next() only',
    'close listener',
    'one clock read',
    'two clock reads',
    'one observation',
    'a gauge of requests in flight',
    'requestMetrics()',
    'requestMetrics() with all measures',
  ],
  messages: [
    'no listener',
    'four listeners that do nothing',
    'look-up of the host',
    'instrumentFetch(), unknown host',
    'instrumentFetch(), platform with rate-limit headers',
  ],
  fetch: ['fetch()', 'instrumentFetch(), platform with rate-limit headers'],
} as const;

export type LadderName = keyof typeof ladders;

/** Two steps that are compared, by their places in the ladder. */
export interface Comparison {
  readonly name: string;
  readonly lower: number;
  readonly upper: number;
}

/** The whole, in addition to its steps. */
const wholes: Readonly<Record<LadderName, readonly Comparison[]>> = {
  koa: [
    { name: 'all of requestMetrics(), over next() only', lower: 1, upper: 7 },
    { name: 'all of requestMetrics() with all measures, over next() only', lower: 1, upper: 8 },
  ],
  messages: [{ name: 'all of instrumentFetch(), over no listener', lower: 0, upper: 4 }],
  fetch: [],
};

const titles: Readonly<Record<LadderName, string>> = {
  koa: 'a request to Koa, in memory',
  messages: 'the messages of a fetch, in a loop',
  fetch: 'a fetch over loopback',
};

/** The first step is compared with itself: the difference is the noise. */
function comparisonsOf(ladder: LadderName): readonly Comparison[] {
  const steps = ladders[ladder].map((name, upper) => ({ name, lower: Math.max(0, upper - 1), upper }));
  return [...steps, ...wholes[ladder]];
}

export interface LadderStep {
  readonly ladder: LadderName;
  readonly name: string;
  /** CPU time of an operation with this step, in microseconds. */
  readonly total: number;
  /** CPU time that it adds to the step before, in microseconds. */
  readonly added: Added;
}

export interface LadderMeasurement {
  readonly steps: readonly LadderStep[];
  /** Functions of this package in a CPU profile of requests with `requestMetrics()`, the slowest first. */
  readonly profile: readonly ProfiledFunction[];
  readonly profiledRequests: number;
}

/** How long the comparisons of a ladder run. */
export interface LadderSlices {
  readonly processes: number;
  /** Pairs of slices per process. */
  readonly pairs: number;
  /** Operations per slice. */
  readonly operations: number;
}

export interface LadderPlan extends Readonly<Record<LadderName, LadderSlices>> {
  readonly profiledRequests: number;
}

/** What the process of a comparison sends: microseconds per operation of each slice of both steps. */
export interface Slices {
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}

export async function measureLadders(plan: LadderPlan): Promise<LadderMeasurement> {
  const steps: LadderStep[] = [];
  for (const ladder of Object.keys(ladders) as LadderName[]) {
    for (const comparison of comparisonsOf(ladder)) {
      const all: Slices[] = [];
      for (let process = 0; process < plan[ladder].processes; process++)
        all.push(await slicesOf(ladder, comparison, process, plan[ladder]));
      const differences = all.map(({ lower, upper }) =>
        upper.map((time, at) => time - (lower[at] ?? Number.NaN)),
      );
      steps.push({
        ladder,
        name: comparison.name,
        total: median(all.flatMap(({ upper }) => upper)),
        added: { median: median(differences.flat()), interval: bootstrapInterval(differences) },
      });
    }
  }
  const profile = await resultOf<ProfiledFunction[]>('koa-profile.ts', [String(plan.profiledRequests)]);
  return { steps, profile, profiledRequests: plan.profiledRequests };
}

async function slicesOf(
  ladder: LadderName,
  comparison: Comparison,
  process: number,
  slices: LadderSlices,
): Promise<Slices> {
  if (ladder === 'fetch') return fetchSlices(comparison, slices, process + 1);
  const { lower, upper } = comparison;
  const { pairs, operations } = slices;
  const args = [ladder, lower, upper, process % 2 === 0 ? 1 : 0, pairs, operations].map(String);
  return resultOf<Slices>('ladder-app.ts', args);
}

export function ladderTable({ steps, profile, profiledRequests }: LadderMeasurement): string {
  const functions = profile
    .filter(({ microseconds }) => microseconds >= 0.005)
    .map(({ name, file, microseconds }) => `| \`${name}\` in ${file} | ${microseconds.toFixed(2)} |`);
  const profiled = [
    `| functions of this package, in a CPU profile of ${profiledRequests.toLocaleString('en')} requests | µs per request |`,
    '|---|---:|',
    ...functions,
  ];
  return [...ladderTables(steps), profiled.join('\n')].join('\n\n');
}

function ladderTables(steps: readonly LadderStep[]): string[] {
  return (Object.keys(ladders) as LadderName[]).map((ladder) => {
    const rows = steps
      .filter((step) => step.ladder === ladder)
      .map(
        ({
          name,
          total,
          added: {
            median: middle,
            interval: [low, high],
          },
        }) =>
          `| ${name} | ${total.toFixed(total < 10 ? 2 : 1)} | ${signed(middle)} | ${signed(low)} to ${signed(high)} |`,
      );
    return [
      `| ${titles[ladder]}: each step in addition to the one before | total, µs | added, µs | 95 % interval |`,
      '|---|---:|---:|---:|',
      ...rows,
    ].join('\n');
  });
}

const signed = (microseconds: number): string =>
  `${microseconds < 0 ? '−' : '+'}${Math.abs(microseconds).toFixed(2)}`;

export function ladderVerdicts({ steps }: Pick<LadderMeasurement, 'steps'>): Verdict[] {
  const [fetched, instrumented] = steps.filter(({ ladder }) => ladder === 'fetch');
  const share = ((instrumented?.added.median ?? Number.NaN) / (fetched?.total ?? Number.NaN)) * 100;
  return [atMost('CPU time that instrumentFetch() adds to a fetch over loopback', 3, share, ' %', 2)];
}
