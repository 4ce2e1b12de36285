/** How everything grows with the number of series, from ten to a million, beside prom-client. */
import { resultOf } from './child.js';

export interface GrowthMeasurement {
  readonly library: string;
  /** Label sets of a counter and of an 11-bucket histogram. */
  readonly sets: number;
  /** Nanoseconds of a counter's call with a label object. */
  readonly call: number;
  /** Bytes that a label set takes, of the counter and the histogram together. */
  readonly bytes: number;
  /** Milliseconds of a scrape of all, and the longest in it in which the event loop did not turn; none where it cannot be made. */
  readonly scrape?: number;
  readonly stall?: number;
}

export async function measureGrowth({ most }: { most: number }): Promise<GrowthMeasurement[]> {
  // The one before the last is about as far as prom-client's scrape goes.
  const steps = [10, 100, 1_000, 10_000, 100_000, 300_000, 1_000_000].filter((sets) => sets <= most);
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
    '| label sets | library | ns a call | bytes a set, counter and histogram | scrape, ms | longest stall, ms |',
    '|---:|---|---:|---:|---:|---:|',
    ...rows,
  ].join('\n');
}

function shown(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return 'too long for a string';
  return milliseconds < 10 ? milliseconds.toFixed(1) : milliseconds.toFixed(0);
}
