/** A bounded queue with a few workers: the response to a webhook does not wait for the work. */
import { type HistogramSeries, sharedRegistry, WorkflowMetrics } from '@tamma/observability';
import { queueWait } from './queue-wait.js';

export class QueueFullError extends Error {}

export interface WorkQueueOptions<Job> {
  /** Value of the `queue_name` label. */
  readonly name: string;
  /** Maximum number of waiting jobs. */
  readonly capacity: number;
  /** Number of jobs in progress at the same time. */
  readonly workers: number;
  /** Does a job. The queue ignores its errors. */
  readonly work: (job: Job) => Promise<void>;
  /** Drops the waiting jobs when it is aborted. */
  readonly signal: AbortSignal;
}

interface Waiting<Job> {
  readonly job: Job;
  /** Observes the time that it waited. */
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

  /** Resolves when no job is in progress. */
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
    // A recorder, since the depth changes in the middle of a method, where a decorator cannot record it.
    this.#metrics.setQueueDepth(this.name, this.#waiting.length);
  }
}
