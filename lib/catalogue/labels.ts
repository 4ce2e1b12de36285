/** Ready-made labels: closed sets that several metrics share, and metrics of your own may too. */
import { label } from '../label.js';

/**
 * How a piece of work ended, as the source `outcome` of the decorators tells.
 * @example
 * defineCounter({ name: 'imports_total', help: 'Imports.', labels: { outcome: outcomes } });
 */
export const outcomes = label('success', 'failure', 'escalation');

/** How urgent or how bad it is. */
export const severities = label('low', 'medium', 'high', 'critical');
