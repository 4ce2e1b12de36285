/** How all costs grow with the number of series, from ten to a million, compared with prom-client. */
import { resultOf } from './child.js';

export interface GrowthMeasurement {
  readonly library: string;
  /** Label sets of a counter and of an 11-bucket histogram. */
  readonly sets: number;
  /** Nanoseconds per call of a counter with a label object. */
  readonly call: number;
  /** Bytes per label set, of the counter and the histogram together. */
  readonly bytes: number;
  /** Milliseconds of a scrape of all series, and of its longest event-loop stall; `undefined` if the scrape fails. */
  readonly scrape?: number;
  readonly stall?: number;
}

export async function measureGrowth({ maxSets }: { maxSets: number }): Promise<GrowthMeasurement[]> {
  // prom-client cannot scrape the last step.
  const steps = [10, 100, 1_000, 10_000, 100_000, 1_000_000].filter((sets) => sets <= maxSets);
  const measurements: GrowthMeasurement[] = [];
  for (const sets of steps) {
    for (const library of ['@tamma/observability', 'prom-client'])
      measurements.push(await resultOf<GrowthMeasurement>('growth-app.ts', [library, String(sets)]));
  }
  return measurements;
}

export function growthTable(measurements: readonly GrowthMeasurement[]): string {
  const rows = measurements.map(
    ({ library, sets, call, bytes, scrape, stall }) =>
      `| ${sets.toLocaleString('en')} | ${library} | ${call.toFixed(0)} | ${bytes.toFixed(0)} | ${shown(scrape)} | ${shown(stall)} |`,
  );
  return [
    '| label sets | library | ns per call | bytes per label set, counter and histogram | scrape, ms | longest stall, ms |',
    '|---:|---|---:|---:|---:|---:|',
    ...rows,
  ].join('\n');
}

function shown(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return 'exceeds the maximum string length';
  return milliseconds < 10 ? milliseconds.toFixed(1) : milliseconds.toFixed(0);
}
