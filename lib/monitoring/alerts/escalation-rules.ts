/**
 * Escalation of pages that last. Alertmanager cannot wait: it routes an alert once, when it fires. So a rule watches the alerts
 * themselves and fires an alert of its own once one has lasted; a route of its own takes the label `escalated`.
 */
import type { RuleGroup } from '../model.js';
import { duration, selector } from '../promql/expression.js';
import { type BundleSettings, holdOf } from '../settings.js';
import { alertStates } from '../third-party-metrics.js';
import { alertTexts } from './alert-texts.js';

/** Minutes that a page may fire before it is escalated. */
const minutes = 60;

/** `alerts-escalation`: a group of one alert, `PageUnattended`. */
export function escalationGroups(settings: BundleSettings): RuleGroup[] {
  const firingPage = { service: settings.job, severity: 'page', alertstate: 'firing' };
  // Its own state is one of these too.
  const pages = selector(alertStates, { ...firingPage, escalated: { noneOf: ['true'] } });
  const page = {
    alertname: 'TargetsDown',
    alertstate: 'firing',
    service: settings.job,
    severity: 'page',
    subject: 'targets',
  };
  const firing = selector(alertStates, page);
  const hold = holdOf(settings, 60 * minutes);
  // The file of tests is sped up as a whole.
  const at = { atMinutes: minutes + 5 };
  const pageUnattended = {
    name: 'PageUnattended',
    subject: 'pipeline',
    severity: 'page',
    // One alert however many series it has: an instance that goes and another that comes are the same incident.
    expression: `max by (origin) (label_replace(${pages}, "origin", "$1", "alertname", "(.+)"))`,
    forSeconds: hold,
    labels: { escalated: 'true' },
    dashboard: 'overview',
    ...alertTexts(settings, 'pipeline', 'PageUnattended', { hold: duration(hold) }),
    tests: {
      fires: { ...at, series: { [firing]: `1x${minutes + 10}` }, labels: [{ origin: 'TargetsDown' }] },
      // It ends before the hour, and fires again for a while.
      quiet: { ...at, series: { [firing]: `1x${minutes / 2} stale _x5 1x${minutes}` } },
    },
  } as const;
  return [{ name: `${settings.prefix}-escalation`, file: 'alerts-escalation', rules: [pageUnattended] }];
}
