/** How the end of a piece of work is told: done, failed, or handed to a human. */

export type Outcome = 'success' | 'failure' | 'escalation';

/**
 * Thrown by work that hands over to a human. It ends as `escalation`, not as `failure`; any error whose `name`, or whose
 * class or superclass, is `EscalationError` does.
 */
export class EscalationError extends Error {
  override readonly name: string = 'EscalationError';
}

/** The outcome of work that ended with this error. */
export function outcomeOfError(error: unknown): Exclude<Outcome, 'success'> {
  return isEscalation(error) ? 'escalation' : 'failure';
}

function isEscalation(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof EscalationError || error.name === 'EscalationError') return true;
  // By name up the chain: the class may come from another copy of this package.
  for (
    let at: unknown = Object.getPrototypeOf(error);
    at !== null && at !== Error.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    if ((at as Error).constructor?.name === 'EscalationError') return true;
  }
  return false;
}
