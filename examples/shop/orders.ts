/** The shop's one metric of its own. */
import { defineCounter, label } from '@tamma/observability';

export const orders = defineCounter({
  name: 'orders_total',
  help: 'Orders, by outcome.',
  labels: { outcome: label('success', 'failure') },
});
