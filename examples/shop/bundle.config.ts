/** What the bundle of the shop is made of: one counter, and one promise about it. `tamma-metrics bundle --config` reads it. */
import { type BundleOptions, defineSlo } from '@tamma/observability/monitoring';
import { orders } from './orders.js';

const ordersPlaced = defineSlo({
  name: 'orders-placed',
  description: 'Orders are placed.',
  objective: 0.99,
  events: { bad: { metric: orders, matches: { outcome: 'failure' } }, total: { metric: orders } },
});

export const bundle: BundleOptions = {
  config: { service: 'shop' },
  // None of these is a metric of workflows, AI providers or git platforms, so the bundle has no part about them.
  definitions: [orders],
  slos: [ordersPlaced],
};
