/** Options of the bundle of the shop, for `tamma-metrics bundle --config`: one counter, and one objective for it. */
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
  // None of these is a metric of workflows, AI providers or git platforms, so the bundle does not have these parts.
  definitions: [orders],
  slos: [ordersPlaced],
};
