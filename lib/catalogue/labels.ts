/** Closed label sets that several metrics share. */
import { label } from '../definition.js';

/** How a piece of work ended. */
export const outcomes = label('success', 'failure', 'escalation');

/** How bad it is. */
export const severities = label('low', 'medium', 'high', 'critical');
