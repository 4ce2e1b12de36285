/** The error that hands work over to a human. */

/** How urgently a human is needed. */
export type Severity = 'low' | 'medium' | 'high' | 'critical';

export interface EscalationOptions extends ErrorOptions {
  /** Why the work is handed over: one of few words, since it becomes a label. Default: `unspecified`. */
  readonly reason?: string;
  /** Default: `medium`. */
  readonly severity?: Severity;
}

/** What of an escalation becomes labels. */
export interface Escalation {
  readonly reason: string;
  readonly severity: Severity;
}

const unspecified: Escalation = { reason: 'unspecified', severity: 'medium' };

/**
 * Thrown by work that hands over to a human. It ends as `escalation`, not as `failure`; any error whose `name`, or whose
 * class or superclass, is `EscalationError` does.
 * @example
 * throw new EscalationError('the review of #12 is unsure', { reason: 'low_confidence', severity: 'high' });
 */
export class EscalationError extends Error {
  override readonly name: string = 'EscalationError';
  readonly reason: string;
  readonly severity: Severity;

  constructor(message?: string, options: EscalationOptions = {}) {
    super(message, options);
    this.reason = options.reason ?? unspecified.reason;
    this.severity = options.severity ?? unspecified.severity;
  }
}

/** Why and how urgently, as the error says; the defaults of `EscalationError` where it does not. */
export function escalationOf(error: unknown): Escalation {
  const { reason, severity } = (typeof error === 'object' && error !== null ? error : {}) as {
    reason?: unknown;
    severity?: unknown;
  };
  return {
    reason: typeof reason === 'string' && reason !== '' ? reason : unspecified.reason,
    // Whatever text it is: a severity that the closed label does not know becomes `other` there, and is counted.
    severity: typeof severity === 'string' ? (severity as Severity) : unspecified.severity,
  };
}
