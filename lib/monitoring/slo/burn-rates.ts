/**
 * Multi-window, multi-burn-rate alerting (Google's SRE Workbook, chapter 5). A burn rate of 1 spends exactly the error budget in
 * its period. A leg has a long window, so that enough budget is at stake, and a short one, so that it ends with the incident.
 */
import { duration, monitoringError } from '../promql/expression.js';

/** How many times as fast as the objective allows the error budget is spent: 1 spends exactly the budget in its period. */
export type BurnFactor = 14.4 | 6 | 3 | 1;

export interface BurnLeg {
  readonly factor: BurnFactor;
  /** Seconds. */
  readonly short: number;
  /** Seconds. */
  readonly long: number;
  readonly urgency: 'page' | 'ticket';
}

const minute = 60;
const hour = 3_600;
const day = 86_400;

/** The fastest first. */
export const burnLegs: readonly BurnLeg[] = Object.freeze([
  { factor: 14.4, short: 5 * minute, long: hour, urgency: 'page' },
  { factor: 6, short: 30 * minute, long: 6 * hour, urgency: 'page' },
  { factor: 3, short: 2 * hour, long: day, urgency: 'ticket' },
  { factor: 1, short: 6 * hour, long: 3 * day, urgency: 'ticket' },
]);

export const burnFactors: readonly BurnFactor[] = Object.freeze(burnLegs.map(({ factor }) => factor));

/** Every window of the legs, in seconds, ascending. */
export const burnWindows: readonly number[] = Object.freeze(
  [...new Set(burnLegs.flatMap(({ short, long }) => [short, long]))].sort((a, b) => a - b),
);

/** `14.4 over 5m/1h`. */
export function legName({ factor, short, long }: BurnLeg): string {
  return `${factor} over ${duration(short)}/${duration(long)}`;
}

/** Whether a leg can fire: whether it does when every event is bad. */
export function canFire(factor: number, objective: number): boolean {
  return factor * budgetOf(objective) < 1;
}

/** The share of bad events that an objective allows, as PromQL computes it. */
export function budgetOf(objective: number): number {
  return 1 - objective;
}

/** @throws ERR_METRICS_INVALID_MONITORING for a leg that can never fire; it suggests an objective and legs that can */
export function checkLegs(slo: string, objective: number, factors: readonly BurnFactor[]): void {
  const dead = burnLegs.find(({ factor }) => factors.includes(factor) && !canFire(factor, objective));
  if (dead === undefined) return;
  const others = factors.filter((factor) => canFire(factor, objective));
  throw monitoringError(
    `objective of SLO \`${slo}\``,
    `${minObjective(dead.factor)} or more for its leg ${legName(dead)}, which can never fire below`,
    objective,
    `Raise the objective, or leave ${others.length === factors.length - 1 ? 'the leg' : 'all such legs'} out: \`legs: [${others.join(', ')}]\`.`,
  );
}

/** The minimum objective, in hundredths of a per cent, with which a leg can fire. */
function minObjective(factor: number): number {
  const least = Math.ceil((1 - 1 / factor) * 10_000) / 10_000;
  return canFire(factor, least) ? least : Math.round(least * 10_000 + 1) / 10_000;
}
