/** The interval at which snapshots and pushes go out: a setting of the configuration, and an option of those who do it. */

export const expectedInterval = 'a number of seconds from 0.1 to 86400';

export function isInterval(seconds: unknown): seconds is number {
  return typeof seconds === 'number' && seconds >= 0.1 && seconds <= 86_400;
}
