/** Labels that several metrics share. Your own metrics may use them, too. */
import { label } from '../label.js';

/**
 * The outcome of a piece of work: `success`, `failure` or `escalation`. The label source `outcome` of the decorators returns its
 * values.
 * @example
 * defineCounter({ name: 'imports_total', help: 'Imports.', labels: { outcome: outcomes } });
 */
export const outcomes = label('success', 'failure', 'escalation');

/** The urgency of an escalation, or the severity of an error: `low`, `medium`, `high` or `critical`. */
export const severities = label('low', 'medium', 'high', 'critical');
