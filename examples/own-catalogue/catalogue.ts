/** The metrics of a parcel service, in one place. Code, alerts and dashboards use these definitions, so names cannot differ. */
import { defineCounter, defineGauge, defineHistogram, label } from '@tamma/observability';

const carrier = label('air', 'road');

export const parcels = {
  delivered: defineCounter({
    name: 'parcels_delivered_total',
    help: 'Parcels that were delivered, by carrier and outcome.',
    labels: { carrier, outcome: label('success', 'failure') },
  }),
  deliveryTime: defineHistogram({
    name: 'parcel_delivery_duration_seconds',
    help: 'Time from the order to the delivery, by carrier.',
    labels: { carrier },
    buckets: [3_600, 21_600, 86_400, 172_800, 604_800],
  }),
  waiting: defineGauge({ name: 'parcels_waiting', help: 'Parcels that wait for a carrier.' }),
} as const;
