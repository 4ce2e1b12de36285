/**
 * How fast the recordings of one place follow one another. In a loop, most of them are skipped without looking for a span or at the
 * clock; recordings that are further apart all look.
 */

/**
 * The pace of one place, in a small integer, since V8 stores it without an allocation: the number of recordings to skip in eight
 * bits, the number of those that looked since the clock was read in four, and the time of that in 18 bits of milliseconds.
 */
export type Pace = number;

/**
 * The bits of the number of recordings to skip. A bucket with places counts them down in its pace, and a series without them in a field
 * (`skipsOf`).
 */
export const skipMask = 255;
const lookBits = 8;
const lookMask = 15;
const timeBits = 12;
const timeMask = (1 << 18) - 1;

/** The pace of a place whose next recording looks again. */
export function withoutSkips(pace: Pace): Pace {
  return pace & ~skipMask;
}

/**
 * The pace after a recording that looked in vain. Every sixteenth of them reads the clock, or one that has read it anyway: if the
 * one before was in the same millisecond, this is a loop.
 */
export function paceAfter(pace: Pace, now?: number): Pace {
  const looks = ((pace >> lookBits) & lookMask) + 1;
  if (looks <= lookMask) return (pace & ~((lookMask << lookBits) | skipMask)) | (looks << lookBits);
  const time = (now ?? Date.now()) & timeMask;
  // In a loop, the first that is not skipped reads the clock.
  return (time << timeBits) | (time === pace >> timeBits ? (lookMask << lookBits) | skipMask : 0);
}
