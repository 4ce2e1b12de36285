/** Where the runbook of an alert is. */
import type { Alert } from '../model.js';

/** Its section, within the folder of the runbooks: the heading is the alert's name. */
export function runbookSection({ name, subject }: Pick<Alert, 'name' | 'subject'>): string {
  return `${subject}.md#${name.toLowerCase()}`;
}

/** @param base where the runbooks can be read from, with a slash at its end or without */
export function runbookUrl(alert: Pick<Alert, 'name' | 'subject'>, base: string): string {
  return `${base.replace(/\/+$/, '')}/${runbookSection(alert)}`;
}
