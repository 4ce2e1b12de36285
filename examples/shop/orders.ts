/** The only metric that the shop defines. */
import { defineCounter, label } from '@tamma/observability';

export const orders = defineCounter({
  name: 'orders_total',
  help: 'Orders, by outcome.',
  labels: { outcome: label('success', 'failure') },
});
