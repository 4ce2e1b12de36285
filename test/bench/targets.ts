/** Targets for calls, as ratios within one run. */
import { type Kind, type Shape, shapes } from './contender.js';
import type { Measurement } from './measure.js';
import { atLeast, atMost, type Verdict } from './verdict.js';

const own = '@tamma/observability';
const peers = ['@prometheus-io/client', '@platformatic/prom-client', '@opentelemetry/sdk-metrics'] as const;

export function callVerdicts(measurements: readonly Measurement[]): Verdict[] {
  const time = (contender: string, kind: Kind, shape: Shape): number =>
    measurements.find(
      (measurement) =>
        measurement.kind === kind && measurement.shape === shape && measurement.contender === contender,
    )?.nanoseconds ?? Number.NaN;
  const faster = (kind: Kind, shape: Shape, limit: number): Verdict =>
    atLeast(
      `${kind}, ${shapes[shape]}, compared with prom-client`,
      limit,
      time('prom-client', kind, shape) / time(own, kind, shape),
      ' x',
    );
  const nearFloor = (kind: Kind, limit: number): Verdict =>
    atMost(
      `${kind}, ${shapes.labelled}, compared with three look-ups`,
      limit,
      time(own, kind, 'labelled') / time('floor', 'counter', 'labelled'),
      ' x',
      2,
    );
  return [
    faster('counter', 'bound', 100),
    atMost(
      'counter, bound series, compared with a bare `object.value += 1`',
      2.5,
      time(own, 'counter', 'bound') / time('floor', 'counter', 'bound'),
      ' x',
      2,
    ),
    faster('counter', 'labelled', 5),
    faster('histogram', 'labelled', 7),
    // 45 and 65 ns on a machine on which three look-ups take 31.
    nearFloor('counter', 1.45),
    nearFloor('histogram', 2.1),
    ...(['counter', 'histogram'] as const).flatMap((kind) =>
      peers.map((peer) =>
        atLeast(
          `${kind}, ${shapes.labelled}, compared with ${peer}`,
          1,
          time(peer, kind, 'labelled') / time(own, kind, 'labelled'),
          ' x',
        ),
      ),
    ),
    atMost(
      'timer start and stop, bound series, compared with two clock reads',
      1.4,
      time(own, 'timer', 'bound') / time('floor', 'timer', 'bound'),
      ' x',
      2,
    ),
  ];
}
