/**
 * Escalation of pages that last. Alertmanager cannot wait: it routes an alert once, when it fires. So a rule watches the alerts
 * themselves and fires an alert of its own once one has lasted; a route of its own takes the label `escalated`.
 */
import type { Alert, RuleGroup } from '../model.js';
import { duration, selector } from '../promql/expression.js';
import { type BundleSettings, holdOf } from '../settings.js';
import { alertStates } from '../third-party-metrics.js';
import { alertTexts } from './alert-texts.js';

/** Seconds that a page may fire before it is escalated. */
const escalateAfter = 3_600;

/** `alerts-escalation`: a group of one alert, `PageUnattended`. */
export function escalationGroups(settings: BundleSettings): RuleGroup[] {
  return [
    { name: `${settings.prefix}-escalation`, file: 'alerts-escalation', rules: [pageUnattended(settings)] },
  ];
}

function pageUnattended(settings: BundleSettings): Alert {
  const { job } = settings;
  const pages = selector(alertStates, {
    service: job,
    severity: 'page',
    alertstate: 'firing',
    // Its own state is one of these too.
    escalated: { noneOf: ['true'] },
  });
  const hold = holdOf(settings, escalateAfter);
  const firing = selector(alertStates, {
    alertname: 'TargetsDown',
    alertstate: 'firing',
    service: job,
    severity: 'page',
    subject: 'targets',
  });
  // The file of tests is sped up as a whole.
  const minutes = Math.ceil(escalateAfter / 60);
  return {
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
      fires: {
        series: { [firing]: `1x${minutes + 10}` },
        atMinutes: minutes + 5,
        labels: [{ origin: 'TargetsDown' }],
      },
      quiet: {
        // It ends before the hour, and fires again for a while.
        series: { [firing]: `1x${Math.max(1, Math.floor(minutes / 2))} stale _x5 1x${minutes}` },
        atMinutes: minutes + 5,
      },
    },
  };
}
