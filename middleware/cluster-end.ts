/** The end of a cluster: workers end with their primary, in the middle of a request, so that it has them stop first. */
import type { Cluster, Worker } from 'node:cluster';
import { systemClock } from '../lib/clock.js';

/** The `type` of what the primary says to its workers, and of what one answers that stops. */
const messageType = 'tamma-metrics/stop';

/** Milliseconds that a worker has to answer: one that does not stops by other means, and is not waited for. */
const answerWithin = 1_000;

/** Has all workers of this process stop that run `createMetrics`, and waits for their end. */
export function endWorkers(): Promise<unknown> {
  // What `require` gives, though its type is that of `import`.
  const { workers = {} } = process.getBuiltinModule('node:cluster') as unknown as Cluster;
  return Promise.all(Object.values(workers).map((worker) => worker?.isConnected() && ended(worker)));
}

function ended(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    const timer = systemClock.setTimeout(resolve, answerWithin);
    worker.on('message', (message) => {
      if (!isOurs(message)) return;
      systemClock.clearTimeout(timer);
      // For who starts another worker in place of one that has died.
      worker.exitedAfterDisconnect = true;
    });
    worker.once('exit', () => resolve());
    worker.send({ type: messageType }, ignored);
  });
}

/**
 * Stops this worker as SIGTERM does, once its primary says so.
 * @param isStopping whether it stops already, by a signal of its own
 * @returns ends that
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
  return typeof message === 'object' && message !== null && 'type' in message && message.type === messageType;
}

/** Who cannot be reached any more has ended. */
function ignored(): void {}
