/** What there is to show of a histogram: percentiles, one of them by label, and all of its buckets. */
import type { HistogramDefinition } from '../../definition.js';
import type { Panel } from './board.js';
import { heatmap, timeSeries } from './panels.js';
import type { BoardQueries } from './queries.js';

export interface HistogramPanels {
  /** What is measured, as a title begins: `Duration of workflows`. */
  readonly title: string;
  /** What to make of it. */
  readonly description: string;
  /** Default: `s`. */
  readonly unit?: string;
  /** Labels by which the 95th percentile is shown. Default: none, and no such panel. */
  readonly by?: readonly string[];
}

export function histogramPanels(
  queries: BoardQueries,
  definition: HistogramDefinition,
  { title, description, unit = 's', by = [] }: HistogramPanels,
): Panel[] {
  const width = by.length === 0 ? 12 : 8;
  return [
    timeSeries({
      title: `${title}: percentiles`,
      description: `${description} Half are below p50, one in a hundred is above p99.`,
      unit,
      min: 0,
      width,
      queries: queries.percentiles(definition),
    }),
    ...(by.length === 0
      ? []
      : [
          timeSeries({
            title: `${title}: p95 by ${by.join(', ')}`,
            description: `${description} One in twenty is above this line; a single line that rises names the culprit.`,
            unit,
            min: 0,
            width,
            queries: [queries.p95(definition, by)],
          }),
        ]),
    heatmap({
      title: `${title}: distribution`,
      description: `${description} A brighter cell holds more of them; two bands are two kinds of work.`,
      unit,
      width,
      buckets: queries.buckets(definition),
    }),
  ];
}
