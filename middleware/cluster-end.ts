/** The end of a cluster. Workers end with their primary, even in the middle of a request, so the primary stops them first. */
import type { Cluster, Worker } from 'node:cluster';
import { systemClock } from '../lib/clock.js';
import { propertiesOf } from '../lib/unknown-values.js';

/** The `type` of the message by which the primary stops its workers, and of their acknowledgement. */
const messageType = 'tamma-metrics/stop';

/** Milliseconds within which a worker acknowledges. One that does not is not waited for: it stops by other means. */
const acknowledgeWithin = 1_000;

/** Stops all workers of this process that run `createMetrics`, and waits for their end. */
export function endWorkers(): Promise<unknown> {
  // `getBuiltinModule` returns what `require` returns, although its type is that of `import`.
  const { workers = {} } = process.getBuiltinModule('node:cluster') as unknown as Cluster;
  return Promise.all(Object.values(workers).map((worker) => worker?.isConnected() && ended(worker)));
}

function ended(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    const timer = systemClock.setTimeout(resolve, acknowledgeWithin);
    worker.on('message', (message) => {
      if (!isOurs(message)) return;
      systemClock.clearTimeout(timer);
      // Process managers restart a worker that exits without this flag.
      worker.exitedAfterDisconnect = true;
    });
    worker.once('exit', () => resolve());
    worker.send({ type: messageType }, ignored);
  });
}

/**
 * Stops this worker as SIGTERM does, when its primary asks for it.
 * @param isStopping whether the worker is stopping already, by a signal of its own
 * @returns removes the listener
 */
export function endWithPrimary(isStopping: () => boolean): () => void {
  const listener = (message: unknown): void => {
    if (!isOurs(message)) return;
    process.send?.({ type: messageType }, undefined, undefined, ignored);
    if (!isStopping()) process.emit('SIGTERM', 'SIGTERM');
  };
  process.on('message', listener);
  return () => process.off('message', listener);
}

function isOurs(message: unknown): boolean {
  return propertiesOf(message).type === messageType;
}

/** Ignores the error of `send`: a process that cannot be reached has ended. */
function ignored(): void {}
