/** The same metrics with this package. Only the definitions changed: the instruments have the methods of prom-client. */
import { defineCounter, defineGauge, defineHistogram, label, MetricsRegistry } from '@tamma/observability';
import { Registry } from 'prom-client';
import type { OrderMetrics } from './orders.js';

// Applications use `sharedRegistry`, which wraps the default registry of prom-client.
const registry = new MetricsRegistry({ prometheus: new Registry() });
const labels = { payment: label('card', 'invoice') };
const ordersPlaced = registry.counter(
  defineCounter({ name: 'orders_total', help: 'Orders, by payment.', labels }),
);
const duration = registry.histogram(
  defineHistogram({
    name: 'order_duration_seconds',
    help: 'Time to place an order.',
    labels,
    buckets: [0.1, 0.5, 1, 5],
  }),
);
const waiting = registry.gauge(defineGauge({ name: 'orders_waiting', help: 'Orders that wait.' }));

export const after: OrderMetrics = {
  record: (order) => {
    ordersPlaced.inc({ payment: order.payment });
    duration.observe({ payment: order.payment }, order.seconds);
    waiting.set(order.waiting);
  },
  scrape: () => registry.metrics(),
};
