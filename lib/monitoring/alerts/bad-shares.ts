/** Shares of bad events: how many of them it takes, and how a share is written. */

/** Bad events below which their share says nothing: one or two are a matter of chance. */
export const minBad = Object.freeze({ page: 5, ticket: 3 });

/** `5%` of 0.05, for texts. */
export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(4))}%`;
}
