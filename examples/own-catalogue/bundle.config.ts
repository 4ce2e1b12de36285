/** The monitoring of the parcel service: its own metrics and objectives. */
import { type BundleOptions, defineSlo } from '@tamma/observability/monitoring';
import { parcels } from './catalogue.js';

const delivered = defineSlo({
  name: 'parcels-delivered',
  description: 'Parcels reach their address.',
  objective: 0.99,
  events: {
    bad: { metric: parcels.delivered, matches: { outcome: 'failure' } },
    total: { metric: parcels.delivered },
  },
  // Each carrier has an error budget of its own.
  by: ['carrier'],
});

const inTwoDays = defineSlo({
  name: 'parcels-in-two-days',
  description: 'Parcels arrive within two days.',
  objective: 0.95,
  // A bucket of the histogram: any other number is an error when the bundle is generated.
  latency: { metric: parcels.deliveryTime, thresholdSeconds: 172_800 },
});

export const bundle: BundleOptions = {
  config: { service: 'parcels', port: 9464 },
  // No `http`: the service receives no requests.
  include: ['process', 'pipeline'],
  definitions: Object.values(parcels),
  slos: [delivered, inTwoDays],
};
