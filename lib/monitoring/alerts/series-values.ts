/** Values of test series in promtool's notation, one per minute. */

/** A counter that grows by `perMinute`. */
export function growing(perMinute: number, minutes: number, from = 0): string {
  return `${amount(from)}+${amount(perMinute)}x${minutes}`;
}

/** A gauge that stays at a value, or a counter that does not grow. */
export function steady(value: number, minutes: number): string {
  return growing(0, minutes, value);
}

/** A gauge that goes down by `perMinute`. */
export function falling(from: number, perMinute: number, minutes: number): string {
  return `${amount(from)}-${amount(perMinute)}x${minutes}`;
}

/** No series for some minutes, then a counter that stays at a value. */
export function appearing(afterMinutes: number, value: number, minutes: number): string {
  return `_x${afterMinutes} ${steady(value, minutes)}`;
}

/** A counter that grows at one pace, then at another. */
export function changing(first: number, minutes: number, second: number, moreMinutes: number): string {
  return `${growing(first, minutes)} ${growing(second, moreMinutes - 1, first * minutes + second)}`;
}

/** Halfway between a limit of a share and 1. */
export function above(share: number): number {
  return (1 + share) / 2;
}

/** Half-hours of a history that is long enough for a comparison with earlier days, one value each. */
export const historySteps = 2 * (24 * 7 + 2);

/** A case that spans days: with a value per half-hour and an evaluation per hour, promtool takes seconds. */
export const halfHourly = Object.freeze({
  times: { intervalSeconds: 1_800, evaluationSeconds: 3_600 },
  atMinutes: 30 * (historySteps + 4),
});

/** Without the digits that floating point adds. */
function amount(value: number): number {
  return Number(value.toFixed(6));
}
