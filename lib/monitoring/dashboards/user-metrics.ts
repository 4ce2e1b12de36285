/** Panels of the user's own metrics, from their definitions alone. */
import type { MetricDefinition } from '../../definition.js';
import {
  type BoardQueries,
  distribution,
  legendOf,
  lines,
  type Panel,
  percentiles,
  type Row,
  type Shown,
  styled,
  unitOf,
} from './panels.js';

/** Labels in the legend of a panel: more make it unreadable. */
const maxLabels = 3;

export function ownRow(queries: BoardQueries, definitions: readonly MetricDefinition[]): Row | false {
  const panels = definitions.flatMap((each) => ownPanels(queries, each));
  return panels.length > 0 && { title: 'Own metrics', panels };
}

function ownPanels({ promql, rate, now }: BoardQueries, definition: MetricDefinition): Panel[] {
  const { name, help: description } = definition;
  const by = Object.keys(definition.labels).slice(0, maxLabels);
  /** The user's metrics may fall below zero. */
  const unbounded = (shown: Shown): Shown => styled(shown, { min: undefined });
  switch (definition.type) {
    case 'counter':
      return [{ title: `${name} per second`, description, ...rate(definition, by) }];
    case 'gauge':
      return [{ title: name, description, ...unbounded(now(definition, by)) }];
    case 'histogram':
      return [
        { title: `${name}: percentiles`, description, ...unbounded(percentiles(promql, definition)) },
        { title: `${name}: distribution`, description, ...distribution(promql, definition) },
      ];
    case 'summary': {
      // The quantiles of several processes cannot be combined; their mean can.
      const part = (suffix: '_sum' | '_count') => promql.rate(definition, by, { part: suffix });
      const mean = lines(unitOf(name), { [legendOf(by)]: `${part('_sum')} / (${part('_count')} > 0)` });
      const observations = lines('cps', { [legendOf(by)]: part('_count') });
      return [
        { title: `${name}: mean`, description, ...unbounded(mean) },
        { title: `${name}: observations per second`, description, ...observations },
      ];
    }
  }
}
