/** What exemplars add to a recording: without OpenTelemetry, with it and no active span, and within a span. */
import { resultOf } from './child.js';
import type { RecordingTimes, TracingState } from './exemplars-app.js';
import { median } from './measure.js';
import { atMost, type Verdict } from './verdict.js';

export interface ExemplarMeasurement {
  readonly state: TracingState;
  /** Medians over the rounds, in nanoseconds. */
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
    times: {
      counter: median(times.map(({ counter }) => counter)),
      histogram: median(times.map(({ histogram }) => histogram)),
      spread: median(times.map(({ spread }) => spread)),
    },
  }));
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
