/** Targets, measurements, and whether the targets are met. */

export interface Verdict {
  readonly claim: string;
  /** The lower or upper limit, with its unit. */
  readonly limit: string;
  readonly measured: string;
  readonly reached: boolean;
}

export function atLeast(claim: string, limit: number, measured: number, unit: string, digits = 1): Verdict {
  return {
    claim,
    limit: `at least ${limit}${unit}`,
    measured: `${measured.toFixed(digits)}${unit}`,
    reached: measured >= limit,
  };
}

export function atMost(claim: string, limit: number, measured: number, unit: string, digits = 1): Verdict {
  return {
    claim,
    limit: `at most ${limit}${unit}`,
    measured: `${measured.toFixed(digits)}${unit}`,
    reached: measured <= limit,
  };
}

export function verdictTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(
    ({ claim, limit, measured, reached }) =>
      `| ${claim} | ${limit} | ${measured} | ${reached ? 'yes' : '**no**'} |`,
  );
  return ['| target | limit | measured | met |', '|---|---:|---:|---|', ...rows].join('\n');
}
