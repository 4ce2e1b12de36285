/** The alerts of an SLO: its error budget burns fast, burns slowly, or cannot be computed. */

import { minBad } from '../alerts/alert-row.js';
import { alertTexts } from '../alerts/alert-texts.js';
import type { Alert } from '../model.js';
import { type BundleSettings, holdOf } from '../settings.js';
import { type BurnLeg, burnLegs, legName } from './burn-rates.js';
import { sloCases, sloHolds } from './slo-cases.js';
import type { Slo } from './slo-model.js';
import { burnRateRecord, eventsWithin, recordOf, sloRecords } from './slo-rules.js';

export function sloAlerts(settings: BundleSettings, slo: Slo): Alert[] {
  const cases = sloCases(settings, slo);
  const alert = (
    kind: keyof typeof sloHolds,
    section: string,
    expression: string,
    legs: readonly BurnLeg[] = [],
  ): Alert => ({
    name: `Slo${camelCase(slo.name)}${section}`,
    subject: slo.subject,
    severity: slo.severity[kind],
    forSeconds: holdOf(settings, sloHolds[kind]),
    labels: { slo: slo.name },
    expression,
    dashboard: 'slo',
    ...alertTexts(settings, 'slo', section, {
      slo: slo.name,
      promise: promise(slo),
      objective: subjectOf(slo),
      days: slo.windowDays,
      legs: legs.map(legName).join(', '),
    }),
    tests: cases[kind],
  });
  const burns = (['page', 'ticket'] as const).flatMap((urgency) => {
    const legs = burnLegs.filter((leg) => leg.urgency === urgency && slo.legs.includes(leg.factor));
    if (legs.length === 0) return [];
    const expression = legs.map((leg) => legExpression(settings, slo, leg)).join(' or ');
    return [alert(urgency, urgency === 'page' ? 'BurnsFast' : 'BurnsSlowly', expression, legs)];
  });
  if (slo.absence === 'never') return burns;
  return [...burns, alert('absent', 'Absent', `absent(${recordOf(settings, slo, sloRecords.events)})`)];
}

/** Both windows, and enough events, all and bad ones, for a share of them to say something. */
function legExpression(settings: BundleSettings, slo: Slo, leg: BurnLeg): string {
  const { factor, short, long, urgency } = leg;
  const minimumBad = Math.min(minBad[urgency], slo.minimumEvents);
  const above = (seconds: number) => `${recordOf(settings, slo, burnRateRecord(seconds))} > ${factor}`;
  return `(${above(long)} and ${above(short)} and ${eventsWithin(settings, slo, long)} >= ${slo.minimumEvents} and ${eventsWithin(settings, slo, long, sloRecords.badEvents)} >= ${minimumBad})`;
}

/** `Objective ai-success of {{ $labels.provider }}`. */
function subjectOf({ name, by }: Slo): string {
  const values = by.map((label) => `{{ $labels.${label} }}`);
  return `Objective ${name}${values.length === 0 ? '' : ` of ${values.join(', ')}`}`;
}

function promise({ name, description, objective }: Slo): string {
  const share = `${Number((objective * 100).toFixed(6))} %`;
  return `${description === '' ? `Objective ${name}` : description.replace(/\.$/, '')}: the objective is ${share}.`;
}

function camelCase(text: string): string {
  return text.replaceAll(/(?:^|-)([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}
