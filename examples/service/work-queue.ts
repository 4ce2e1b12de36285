/** A bounded queue with a few workers: webhooks are answered at once, the work is done behind them. */
import { type HistogramSeries, sharedRegistry, WorkflowMetrics } from '@tamma/observability';
import { queueWait } from './queue-wait.js';

export class QueueFullError extends Error {}

export interface WorkQueueOptions<Job> {
  /** Value of the `queue_name` label. */
  readonly name: string;
  /** Jobs that may wait. */
  readonly capacity: number;
  /** Jobs done at a time. */
  readonly workers: number;
  /** Does a job. Its errors are its own: the queue goes on. */
  readonly work: (job: Job) => Promise<void>;
  /** Gives up the jobs that wait. */
  readonly signal: AbortSignal;
}

interface Waiting<Job> {
  readonly job: Job;
  /** Ends its wait. */
  readonly taken: () => void;
}

export class WorkQueue<Job> {
  readonly name: string;
  readonly #options: WorkQueueOptions<Job>;
  readonly #waiting: Waiting<Job>[] = [];
  readonly #inProgress = new Set<Promise<void>>();
  readonly #metrics = new WorkflowMetrics();
  readonly #wait: HistogramSeries;

  constructor(options: WorkQueueOptions<Job>) {
    this.#options = options;
    this.name = options.name;
    this.#wait = sharedRegistry.histogram(queueWait).with({ queue_name: options.name });
  }

  /** @throws QueueFullError */
  push(job: Job): void {
    if (this.#waiting.length >= this.#options.capacity)
      throw new QueueFullError(`queue \`${this.name}\` is full`);
    this.#waiting.push({ job, taken: this.#wait.startTimer() });
    this.#start();
  }

  /** Settles when all that was pushed is done. */
  async drained(): Promise<void> {
    while (this.#inProgress.size > 0) await Promise.all(this.#inProgress);
  }

  #start(): void {
    if (this.#options.signal.aborted) this.#waiting.length = 0;
    while (this.#inProgress.size < this.#options.workers) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      next.taken();
      const done = this.#options
        .work(next.job)
        .catch(() => undefined)
        .then(() => {
          this.#inProgress.delete(done);
          this.#start();
        });
      this.#inProgress.add(done);
    }
    // A recorder: the depth changes in the middle of a method, where no annotation sees it.
    this.#metrics.setQueueDepth(this.name, this.#waiting.length);
  }
}
