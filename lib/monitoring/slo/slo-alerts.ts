/** The alerts of an SLO: its budget burns fast, burns slowly, or cannot be seen. */
import { minBad } from '../alerts/in-job.js';
import type { Alert, Runbook } from '../model.js';
import { type BundleSettings, holdOf } from '../settings.js';
import { type BurnLeg, burnLegs, legName } from './burn-rates.js';
import { sloCases, sloHolds } from './slo-cases.js';
import type { Slo } from './slo-model.js';
import { burnRateRecord, eventsWithin, recordOf, sloRecords } from './slo-rules.js';

export function sloAlerts(settings: BundleSettings, slo: Slo): Alert[] {
  const cases = sloCases(settings, slo);
  return [
    ...(['page', 'ticket'] as const).flatMap((urgency) => {
      const legs = burnLegs.filter((leg) => leg.urgency === urgency && slo.legs.includes(leg.factor));
      return legs.length === 0 ? [] : [burnAlert(settings, slo, urgency, legs, cases[urgency])];
    }),
    ...(slo.absence === 'always' ? [absentAlert(settings, slo, cases.absent)] : []),
  ];
}

function burnAlert(
  settings: BundleSettings,
  slo: Slo,
  urgency: BurnLeg['urgency'],
  legs: readonly BurnLeg[],
  tests: Alert['tests'],
): Alert {
  const pace = urgency === 'page' ? 'fast' : 'slowly';
  return {
    name: `Slo${camelCase(slo.name)}Burns${camelCase(pace)}`,
    subject: slo.subject,
    severity: slo.severity[urgency],
    expression: legs.map((leg) => legExpression(settings, slo, leg)).join(' or '),
    forSeconds: holdOf(settings, sloHolds[urgency]),
    labels: { slo: slo.name },
    summary: `${subjectOf(slo)} burns its error budget ${pace}`,
    description: `${promise(slo)} The budget of ${slo.windowDays} days burns {{ $value | humanize }} times as fast as it bears (${legs.map(legName).join(', ')}).`,
    dashboard: 'slo',
    runbook: burnRunbook(settings, slo, urgency),
    tests,
  };
}

/** Both windows, and events enough, all and bad ones, for a share of them to say something. */
function legExpression(settings: BundleSettings, slo: Slo, leg: BurnLeg): string {
  const { factor, short, long, urgency } = leg;
  const bad = Math.min(minBad[urgency], slo.minimumEvents);
  const above = (seconds: number) => `${recordOf(settings, slo, burnRateRecord(seconds))} > ${factor}`;
  return `(${above(long)} and ${above(short)} and ${eventsWithin(settings, slo, long)} >= ${slo.minimumEvents} and ${eventsWithin(settings, slo, long, sloRecords.badEvents)} >= ${bad})`;
}

function absentAlert(settings: BundleSettings, slo: Slo, tests: Alert['tests']): Alert {
  return {
    name: `Slo${camelCase(slo.name)}Absent`,
    subject: slo.subject,
    severity: slo.severity.absent,
    expression: `absent(${recordOf(settings, slo, sloRecords.events)})`,
    forSeconds: holdOf(settings, sloHolds.absent),
    labels: { slo: slo.name },
    summary: `Objective ${slo.name} has no indicator`,
    description: `{{ $labels.job }} records nothing that objective ${slo.name} is measured by: whether it is met is unknown.`,
    dashboard: 'slo',
    runbook: {
      meaning: `There are no series of the metrics of ${slo.name}, so no budget is computed and nothing would page.`,
      query: recordOf(settings, slo, sloRecords.events),
      causes: [
        'The service restarted and has counted nothing since: a counter with labels begins with its first event.',
        'The service is not scraped.',
        'A release renamed the metric or lost its instrumentation.',
      ],
      actions: [
        'See whether the targets of the service are up.',
        'Look for the metrics on the /metrics page of the service.',
        'Compare with the release before, and put the instrumentation back or change the SLO.',
      ],
    },
    tests,
  };
}

function burnRunbook(settings: BundleSettings, slo: Slo, urgency: BurnLeg['urgency']): Runbook {
  return {
    meaning: `${promise(slo)} ${
      urgency === 'page'
        ? 'So many events are bad that a large part of the budget is gone within hours.'
        : 'More events are bad than the budget bears: it will be spent before its period ends.'
    }`,
    query: recordOf(settings, slo, burnRateRecord(urgency === 'page' ? 3_600 : 21_600)),
    causes: [
      'A release, of the service or of what it calls.',
      'Something it depends on fails or is slow: a service that it calls, a store, the network.',
      'A limit is reached: of rate, of quota, of memory or of the event loop.',
    ],
    actions: [
      'Find when it began on the SLO dashboard, and what was released then; take it back if in doubt.',
      'See which other alerts fire: one of them may name the cause.',
      urgency === 'page'
        ? 'Stop the burn first, by a smaller load or a way around what fails, and look for the cause after.'
        : 'Plan the mend before the budget is spent; put risky releases off until then.',
    ],
  };
}

/** `Objective ai-success of {{ $labels.provider }}`. */
function subjectOf({ name, by }: Slo): string {
  const values = by.map((label) => `{{ $labels.${label} }}`);
  return `Objective ${name}${values.length === 0 ? '' : ` of ${values.join(', ')}`}`;
}

function promise({ name, description, objective }: Slo): string {
  const share = `${Number((objective * 100).toFixed(6))} %`;
  return `${description === '' ? `Objective ${name}` : description.replace(/\.$/, '')}: ${share} are promised.`;
}

function camelCase(text: string): string {
  return text.replaceAll(/(?:^|-)([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}
