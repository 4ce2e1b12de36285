/**
 * Escalation of pages that stay. Alertmanager cannot wait: a route decides at once and for good. So a rule watches the alerts
 * themselves, and fires an alert of its own once one has lasted; its label `escalated` has a route of its own.
 */

import type { Alert, RuleGroup } from '../model.js';
import { duration, selector } from '../promql/expression.js';
import { type BundleSettings, holdOf } from '../settings.js';
import { alertStates } from '../third-party-metrics.js';

/** Seconds that a page may fire before it is escalated. */
const escalateAfter = 3_600;

/** `alerts-escalation`: a group of one alert, `PageUnattended`. */
export function escalationGroups(settings: BundleSettings): RuleGroup[] {
  return [
    { name: `${settings.prefix}-escalation`, file: 'alerts-escalation', rules: [pageUnattended(settings)] },
  ];
}

function pageUnattended(settings: BundleSettings): Alert {
  const pages = selector(alertStates, {
    service: settings.job,
    severity: 'page',
    alertstate: 'firing',
    // Its own state is one of these too.
    escalated: { noneOf: ['true'] },
  });
  const hold = holdOf(settings, escalateAfter);
  const firing = selector(alertStates, {
    alertname: 'TargetsDown',
    alertstate: 'firing',
    service: settings.job,
    severity: 'page',
    subject: 'targets',
  });
  // In usual time: who writes the tests shortens them with everything else.
  const minutes = Math.ceil(escalateAfter / 60);
  return {
    name: 'PageUnattended',
    subject: 'pipeline',
    severity: 'page',
    // An alert is one however many series it has: one instance that goes and another that comes are the same trouble.
    expression: `max by (origin) (label_replace(${pages}, "origin", "$1", "alertname", "(.+)"))`,
    forSeconds: hold,
    labels: { escalated: 'true' },
    summary: `{{ $labels.origin }} has fired for ${duration(hold)}`,
    description: `{{ $labels.origin }}, a page, has fired for ${duration(hold)} without a break: whoever was paged has not mended it, or was not reached.`,
    dashboard: 'overview',
    runbook: {
      meaning:
        'A page has fired for an hour. Either the person on duty is at work on it and needs help, or nobody has seen it.',
      query: pages,
      causes: [
        'The person on duty was not reached, or sleeps.',
        'The trouble is larger than one person can mend.',
        'The alert fires for nothing, and was left to.',
      ],
      actions: [
        'Ask in the channel of the incident who is at work on it; if nobody is, take it.',
        'Follow the runbook of the alert that label `origin` names.',
        'Silence the alert in Alertmanager if it is known and cannot be mended yet: with a comment, and an end.',
        'Raise its threshold, or make a ticket of it, if it was no reason to wake someone.',
      ],
    },
    tests: {
      fires: {
        series: { [firing]: `1x${minutes + 10}` },
        atMinutes: minutes + 5,
        labels: [{ origin: 'TargetsDown' }],
      },
      quiet: {
        // Over before the hour is, and back for a while.
        series: { [firing]: `1x${Math.max(1, Math.floor(minutes / 2))} stale _x5 1x${minutes}` },
        atMinutes: minutes + 5,
      },
    },
  };
}
