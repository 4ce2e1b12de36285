/** A metric of the service itself, in addition to the catalogue. `../monitoring` defines an objective for it. */
import { defineHistogram, label } from '@tamma/observability';

export const queueWait = defineHistogram({
  name: 'queue_wait_seconds',
  help: 'Time that work waits in a queue until a worker takes it.',
  labels: { queue_name: label() },
  buckets: [0.1, 0.5, 1, 5, 30, 120, 600],
});
