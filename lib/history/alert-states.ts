/** Evaluates alerts on the history of a target, and remembers since when their conditions hold. */
import type { AlertRule } from './alert-rules.js';
import type { AlertState } from './feed.js';
import { evaluated, type FormulaResult } from './formula.js';
import type { MetricsHistory } from './metrics-history.js';
import { neededBy } from './panels/build.js';

/** Alerts of one rule that are listed. */
const maxPerRule = 10;

const stateOrder = ['firing', 'pending', 'unknown', 'ok'];

export interface AlertStates {
  /** The states at a time. To be called regularly, since it also notes when conditions begin to hold. */
  at(now: number): AlertState[];
}

export function alertStates(history: MetricsHistory, rules: readonly AlertRule[]): AlertStates {
  /** Rule and labels -> since when its condition holds. */
  let since = new Map<string, number>();
  return {
    at(now) {
      const held = new Map<string, number>();
      const known = new Set(history.names);
      const states = rules
        .filter(({ formula }) => neededBy(formula).every((name) => known.has(name)))
        .flatMap((rule) => {
          const results = resultsOf(history, rule, now);
          const isBad = ({ value }: FormulaResult): boolean =>
            rule.worse === 'above' ? value > rule.limit : value < rule.limit;
          const bad = results.filter(isBad).slice(0, maxPerRule);
          if (bad.length === 0) return [stateOf(rule, results[0], results.length === 0 ? 'unknown' : 'ok')];
          return bad.map((result) => {
            const key = JSON.stringify([rule.name, result.labels]);
            // Not later than now, if the clock was set back.
            const start = Math.min(now, since.get(key) ?? now);
            held.set(key, start);
            const isFiring = now - start >= rule.holdSeconds * 1_000;
            return { ...stateOf(rule, result, isFiring ? 'firing' : 'pending'), since: start };
          });
        });
      since = held;
      return states.sort(
        (a, b) =>
          stateOrder.indexOf(a.state) - stateOrder.indexOf(b.state) ||
          (a.severity === b.severity ? 0 : a.severity === 'page' ? -1 : 1),
      );
    },
  };
}

/** The results of a rule about which enough is known, the worst first. */
function resultsOf(history: MetricsHistory, rule: AlertRule, now: number): FormulaResult[] {
  const { formula, minimum, windowSeconds, worse } = rule;
  const results = evaluated(history, formula, now, windowSeconds);
  const enough =
    minimum === undefined
      ? undefined
      : new Set(
          evaluated(history, minimum.formula, now, windowSeconds)
            .filter(({ value }) => value >= minimum.limit)
            .map(({ labels }) => JSON.stringify(labels)),
        );
  return results
    .filter(({ labels }) => enough === undefined || enough.has(JSON.stringify(labels)))
    .sort((a, b) => (worse === 'above' ? b.value - a.value : a.value - b.value));
}

function stateOf(rule: AlertRule, result: FormulaResult | undefined, state: AlertState['state']): AlertState {
  const { name, severity, limit, unit, worse, holdSeconds, panel, summary } = rule;
  const labels = result?.labels ?? {};
  return {
    name,
    severity,
    state,
    summary: summary.replaceAll(/\{(\w+)\}/g, (_, label: string) => labels[label] ?? '…'),
    labels,
    value: result?.value ?? null,
    limit,
    unit,
    worse,
    holdSeconds,
    panel,
  };
}
