/** Everything that an expression may read: metrics, what the rules of the bundle record, and the alerts' own series. */

import { isAlert, type RecordingRule, type RuleGroup } from '../model.js';
import type { BundleSettings } from '../settings.js';
import { type KnownSeries, readLabels } from './expression-labels.js';
import type { PromqlParser } from './promql.js';
import { type SeriesShape, shapeOfEither, shapesOf, shapeWith, unknownShape } from './series-shape.js';

/** What Prometheus writes of the alerts itself. Their own labels differ, and are taken as they come. */
const alertSeries: readonly [string, SeriesShape][] = [
  [
    'ALERTS',
    {
      labels: new Map([
        ['alertname', {}],
        ['alertstate', { values: ['pending', 'firing'] }],
      ]),
      isOpen: true,
    },
  ],
  ['ALERTS_FOR_STATE', { labels: new Map([['alertname', {}]]), isOpen: true }],
];

export function knownSeries(
  settings: Pick<BundleSettings, 'readable' | 'target'>,
  groups: readonly RuleGroup[],
  parse: PromqlParser,
): KnownSeries {
  const { readable, target } = settings;
  const shapes = new Map<string, SeriesShape>([...readable.values()].flatMap(shapesOf));
  for (const [name, shape] of alertSeries) shapes.set(name, shape);
  const records = new Map<string, RecordingRule[]>();
  for (const rule of groups.flatMap(({ rules }) => rules))
    if (!isAlert(rule)) records.set(rule.record, [...(records.get(rule.record) ?? []), rule]);

  const known: KnownSeries = {
    target,
    isGauge: (name) => readable.get(name)?.type === 'gauge',
    names: () => new Set([...shapes.keys(), ...records.keys()]),
    shapeOf(name) {
      const found = shapes.get(name);
      const rules = records.get(name);
      if (found !== undefined || rules === undefined) return found;
      // A record that reads itself, by way of others, has no end.
      shapes.set(name, unknownShape);
      const shape = rules.map(shapeOfRecord).reduce(shapeOfEither);
      shapes.set(name, shape);
      return shape;
    },
  };

  function shapeOfRecord({ expression, labels = {} }: RecordingRule): SeriesShape {
    const { shape } = readLabels(parse(expression), known);
    return shapeWith(
      shape ?? { labels: new Map(), isOpen: false },
      Object.entries(labels).map(([label, value]) => [label, { values: [value] }]),
    );
  }

  return known;
}
