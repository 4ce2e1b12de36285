/** The error that hands work over to a human. */
import { propertiesOf } from './unknown-values.js';

/** How urgently a human is needed: the label `severity` of `escalations_total`. */
export type Severity = 'low' | 'medium' | 'high' | 'critical';

/** Options of {@link EscalationError}. */
export interface EscalationOptions extends ErrorOptions {
  /** Why the work is handed over: one of few values, since it becomes a label. Default: `unspecified`. */
  readonly reason?: string;
  /** How urgently a human is needed. Default: `medium`. */
  readonly severity?: Severity;
}

/** The labels of an escalation. */
export interface Escalation {
  readonly reason: string;
  readonly severity: Severity;
}

const unspecified: Escalation = { reason: 'unspecified', severity: 'medium' };

/**
 * Thrown by work that hands over to a human. The work ends with the outcome `escalation` instead of `failure`. So does any error
 * whose `name`, class name or superclass name is `EscalationError`.
 * @example
 * throw new EscalationError('the review of #12 is unsure', { reason: 'low_confidence', severity: 'high' });
 */
export class EscalationError extends Error {
  /** `EscalationError`, also in minified builds. */
  override readonly name: string = 'EscalationError';
  /** Why the work is handed over; `unspecified` without the option. */
  readonly reason: string;
  /** How urgently a human is needed; `medium` without the option. */
  readonly severity: Severity;

  constructor(message?: string, options: EscalationOptions = {}) {
    super(message, options);
    this.reason = options.reason ?? unspecified.reason;
    this.severity = options.severity ?? unspecified.severity;
  }
}

/** The reason and severity of an error, with the defaults of `EscalationError`. */
export function escalationOf(error: unknown): Escalation {
  const { reason, severity } = propertiesOf(error);
  return {
    reason: typeof reason === 'string' && reason !== '' ? reason : unspecified.reason,
    // Any text: a severity outside the closed set becomes `other` and is counted.
    severity: typeof severity === 'string' ? (severity as Severity) : unspecified.severity,
  };
}
