/** What exemplars add to a recording: without OpenTelemetry, with it and no active span, and within a span. */
import { resultOf } from './child.js';
import { atMost, type Verdict } from './verdict.js';

/** How OpenTelemetry is set up. */
export type TracingState = 'absent' | 'without a span' | 'with a span';

/** Nanoseconds of one recording. */
export interface RecordingTimes {
  readonly counter: number;
  readonly histogram: number;
  /** Of recordings on many series in turn, so that none is recorded twice within a millisecond and each reads the clock. */
  readonly spread: number;
}

export interface ExemplarMeasurement {
  readonly state: TracingState;
  readonly times: RecordingTimes;
}

const states: readonly TracingState[] = ['absent', 'without a span', 'with a span'];

export async function measureExemplars({
  rounds,
  milliseconds,
}: {
  rounds: number;
  milliseconds: number;
}): Promise<ExemplarMeasurement[]> {
  const measured = states.map((state) => ({ state, rounds: [] as RecordingTimes[] }));
  for (let round = 0; round < rounds; round++) {
    for (const { state, rounds: times } of measured)
      times.push(await resultOf<RecordingTimes>('exemplars-app.ts', [state, String(milliseconds)]));
  }
  return measured.map(({ state, rounds: times }) => ({
    state,
    times: fastestOf(times),
  }));
}

/**
 * The fastest of each. The processor changes between two speeds within a second, so the difference of two medians would be that of the
 * speeds; in each state of tracing, some measurements are made at the higher one.
 */
export function fastestOf(times: readonly RecordingTimes[]): RecordingTimes {
  const fastest = (kind: keyof RecordingTimes): number =>
    Math.min(...times.map((measured) => measured[kind]));
  return { counter: fastest('counter'), histogram: fastest('histogram'), spread: fastest('spread') };
}

export function exemplarVerdicts(measurements: readonly ExemplarMeasurement[]): Verdict[] {
  const timesOf = (wanted: TracingState): RecordingTimes | undefined =>
    measurements.find(({ state }) => state === wanted)?.times;
  return (['counter', 'histogram'] as const).flatMap((kind) => {
    const bare = timesOf('absent')?.[kind] ?? Number.NaN;
    const added = (state: TracingState): number => (timesOf(state)?.[kind] ?? Number.NaN) - bare;
    return [
      atMost(`an exemplar of a ${kind} with an active span adds`, 30, added('with a span'), ' ns'),
      atMost(`an exemplar of a ${kind} without an active span adds`, 2, added('without a span'), ' ns'),
    ];
  });
}

export function exemplarTable(measurements: readonly ExemplarMeasurement[]): string {
  const rows = measurements.map(
    ({ state, times: { counter, histogram, spread } }) =>
      `| ${state} | ${[counter, histogram, spread].map((time) => time.toFixed(1)).join(' | ')} |`,
  );
  return [
    '| OpenTelemetry, ns of a recording | counter | histogram | 50,000 histogram series in turn |',
    '|---|---:|---:|---:|',
    ...rows,
  ].join('\n');
}
