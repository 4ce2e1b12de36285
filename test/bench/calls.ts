/** Calls, measured in several processes: how V8 optimizes the code differs between them, by up to a half. */
import { resultOf } from './child.js';
import { type Measurement, median } from './measure.js';

export type CallSubjects = 'all' | 'native';

/** Medians of the processes, each of which is the median of its rounds. */
export async function measureCalls({
  subjects = 'all',
  processes,
  rounds,
  milliseconds,
}: {
  /** All libraries and kinds, or native histograms beside classic ones. */
  subjects?: CallSubjects;
  processes: number;
  /** Per process. */
  rounds: number;
  milliseconds: number;
}): Promise<Measurement[]> {
  const runs: Measurement[][] = [];
  for (let process = 0; process < processes; process++)
    runs.push(
      await resultOf<Measurement[]>('calls-app.ts', [subjects, String(rounds), String(milliseconds)]),
    );
  const [first = []] = runs;
  return first.map((measurement, index) => {
    const same = runs.map((run) => run[index] as Measurement);
    return {
      ...measurement,
      nanoseconds: median(same.map(({ nanoseconds }) => nanoseconds)),
      rounds: same.flatMap(({ rounds }) => rounds),
    };
  });
}
