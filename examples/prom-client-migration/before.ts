/** The metrics of the shop with prom-client. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { OrderMetrics } from './orders.js';

const register = new Registry();
const ordersPlaced = new Counter({
  name: 'orders_total',
  help: 'Orders, by payment.',
  labelNames: ['payment'],
  registers: [register],
});
const duration = new Histogram({
  name: 'order_duration_seconds',
  help: 'Time to place an order.',
  labelNames: ['payment'],
  buckets: [0.1, 0.5, 1, 5],
  registers: [register],
});
const waiting = new Gauge({
  name: 'orders_waiting',
  help: 'Orders that wait.',
  registers: [register],
});

export const before: OrderMetrics = {
  record: (order) => {
    ordersPlaced.inc({ payment: order.payment });
    duration.observe({ payment: order.payment }, order.seconds);
    waiting.set(order.waiting);
  },
  scrape: () => register.metrics(),
};
