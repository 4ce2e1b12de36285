/** The series that an expression may read: metrics, records of the bundle, and those that Prometheus writes about alerts. */
import { isAlert, type RecordingRule, type RuleGroup } from '../model.js';
import type { BundleSettings } from '../settings.js';
import { type KnownSeries, readLabels } from './expression-labels.js';
import type { PromqlParser } from './promql.js';
import {
  type SeriesShape,
  shapeOf,
  shapeOfEither,
  shapesOf,
  shapeWith,
  unknownShape,
} from './series-shape.js';

/** They have the labels of each alert too. */
const alertSeries: readonly [string, SeriesShape][] = [
  [
    'ALERTS',
    shapeWith(unknownShape, [
      ['alertname', {}],
      ['alertstate', { values: ['pending', 'firing'] }],
    ]),
  ],
  ['ALERTS_FOR_STATE', shapeWith(unknownShape, [['alertname', {}]])],
];

export function knownSeries(
  {
    readable,
    target,
    natives,
  }: Pick<BundleSettings, 'readable' | 'target'> & Partial<Pick<BundleSettings, 'natives'>>,
  groups: readonly RuleGroup[],
  parse: PromqlParser,
): KnownSeries {
  const shapes = new Map<string, SeriesShape>([
    ...[...readable.values()].flatMap((definition) => shapesOf(definition, natives)),
    ...alertSeries,
  ]);
  const records = new Map<string, RecordingRule[]>();
  for (const rule of groups.flatMap(({ rules }) => rules))
    if (!isAlert(rule)) records.set(rule.record, [...(records.get(rule.record) ?? []), rule]);

  const known: KnownSeries = {
    target,
    isNative: (name) => natives?.has(name) === true,
    isGauge: (name) => readable.get(name)?.type === 'gauge',
    names: () => new Set([...shapes.keys(), ...records.keys()]),
    shapeOf(name) {
      const found = shapes.get(name);
      const rules = records.get(name);
      if (found !== undefined || rules === undefined) return found;
      // Ends the recursion of a record that reads itself by way of others.
      shapes.set(name, unknownShape);
      const shape = rules.map(shapeOfRecord).reduce(shapeOfEither);
      shapes.set(name, shape);
      return shape;
    },
  };

  function shapeOfRecord({ expression, labels = {} }: RecordingRule): SeriesShape {
    const { shape = shapeOf([]) } = readLabels(parse(expression), known);
    return shapeWith(
      shape,
      Object.entries(labels).map(([label, value]) => [label, { values: [value] }]),
    );
  }

  return known;
}
