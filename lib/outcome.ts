/** How a piece of work ended. */
import { EscalationError } from './escalation.js';

/** The work succeeded, failed, or was handed over to a human ({@link EscalationError}). */
export type Outcome = 'success' | 'failure' | 'escalation';

/** The outcome of work that ended with this error. */
export function outcomeOfError(error: unknown): Exclude<Outcome, 'success'> {
  return isEscalation(error) ? 'escalation' : 'failure';
}

function isEscalation(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof EscalationError || error.name === 'EscalationError') return true;
  // By class name up the prototype chain: the class may come from another copy of this package.
  for (
    let prototype: unknown = Object.getPrototypeOf(error);
    prototype !== null && prototype !== Error.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    if ((prototype as Error).constructor?.name === 'EscalationError') return true;
  }
  return false;
}
