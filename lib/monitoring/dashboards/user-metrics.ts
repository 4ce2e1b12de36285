/** Panels of the user's own metrics, from their definitions alone. */
import type { MetricDefinition } from '../../definition.js';
import type { Row } from './board.js';
import {
  type BoardQueries,
  distribution,
  legendOf,
  lines,
  type Panels,
  percentiles,
  row,
  unitOf,
} from './queries.js';

/** Labels that tell the lines of a panel apart: with more, no one can read it. */
const maxLabels = 3;
/** Own metrics may fall below zero. */
const unbounded = { min: undefined };

export function ownRow(queries: BoardQueries, definitions: readonly MetricDefinition[]): Row[] {
  if (definitions.length === 0) return [];
  return [row('Own metrics', Object.assign({}, ...definitions.map((each) => ownPanels(queries, each))))];
}

function ownPanels({ promql, rate, now }: BoardQueries, definition: MetricDefinition): Panels {
  const { name, help } = definition;
  const by = Object.keys(definition.labels).slice(0, maxLabels);
  switch (definition.type) {
    case 'counter':
      return { [`${name}, a second`]: [rate(definition, by), help] };
    case 'gauge':
      return { [name]: [now(definition, by), help, unbounded] };
    case 'histogram':
      return {
        [`${name}: percentiles`]: [percentiles(promql, definition), help, unbounded],
        [`${name}: distribution`]: [distribution(promql, definition), help],
      };
    case 'summary': {
      // The quantiles of several processes cannot be combined; their mean can.
      const part = (suffix: '_sum' | '_count') => promql.rate(definition, by, { part: suffix });
      const mean = { [legendOf(by)]: `${part('_sum')} / (${part('_count')} > 0)` };
      return {
        [`${name}: mean`]: [lines(unitOf(name), mean), help, unbounded],
        [`${name}: observations, a second`]: [lines('cps', { [legendOf(by)]: part('_count') }), help],
      };
    }
  }
}
