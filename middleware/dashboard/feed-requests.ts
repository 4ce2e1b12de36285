/** Reads the queries of the feed. */
import type { HistoryRange } from '../../lib/history/history-answer.js';
import type { HistoryQuery } from '../../lib/history/history-query.js';
import type { LabelMatch } from '../../lib/history/panel.js';

/** Metrics that one request may name. */
const maxMetrics = 200;

/** Histories that one response may have: as many as the page asks for at a time. */
const maxHistories = 40;

/** Conditions and groups that one request may have. */
const maxConditions = 20;

/** Samples per track that one response may have. */
const maxPoints = 2_000;

export function metricsIn(query: URLSearchParams): string[] {
  return [...new Set(query.getAll('metric'))].slice(0, maxMetrics);
}

/** The metrics whose histories are requested. */
export function historiesIn(query: URLSearchParams): string[] {
  return metricsIn(query).slice(0, maxHistories);
}

export function rangeIn(query: URLSearchParams): HistoryRange {
  const number = (name: string, fallback: number): number => {
    const value = Number(query.get(name) ?? Number.NaN);
    return Number.isFinite(value) ? value : fallback;
  };
  return {
    from: number('from', Number.NEGATIVE_INFINITY),
    to: number('to', Number.POSITIVE_INFINITY),
    points: Math.min(maxPoints, Math.max(2, number('points', 600))),
  };
}

/** `match=LABEL=VALUE`; a repeated label means one of the values. */
export function queryIn(query: URLSearchParams): HistoryQuery {
  const matches = new Map<string, LabelMatch & { values: string[] }>();
  for (const text of query.getAll('match').slice(0, maxConditions)) {
    const [, label = text, value = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
    const match = matches.get(label) ?? { label, test: 'equals', values: [] };
    match.values.push(value);
    matches.set(label, match);
  }
  return {
    metric: query.get('metric') ?? '',
    match: [...matches.values()],
    by: [...new Set(query.getAll('by'))].slice(0, maxConditions),
  };
}
