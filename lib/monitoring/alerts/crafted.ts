/** Values of crafted series in promtool's notation, one a minute. */

/** A counter that grows by so many a minute, for so many minutes. */
export function growing(perMinute: number, minutes: number, from = 0): string {
  return `${amount(from)}+${amount(perMinute)}x${minutes}`;
}

/** A gauge that stays, or a counter that nothing adds to. */
export function steady(value: number, minutes: number): string {
  return growing(0, minutes, value);
}

/** A gauge that goes down by so many a minute. */
export function falling(from: number, perMinute: number, minutes: number): string {
  return `${amount(from)}-${amount(perMinute)}x${minutes}`;
}

/** No series for so many minutes, then a counter that stands at a value. */
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

/** Without the digits that floating point adds. */
function amount(value: number): number {
  return Number(value.toFixed(6));
}
