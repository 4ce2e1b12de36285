/** A bounded queue with a few workers: webhooks are answered at once, the work is done behind them. */

import { catalogue } from '@tamma/observability';
import { TracksGauge } from '@tamma/observability/decorators';

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
}

export class WorkQueue<Job> {
  readonly name: string;
  readonly #options: WorkQueueOptions<Job>;
  readonly #waiting: Job[] = [];
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: WorkQueueOptions<Job>) {
    this.#options = options;
    this.name = options.name;
  }

  /** Takes a job and tells how many wait. @throws QueueFullError */
  @TracksGauge(catalogue.queueDepth, {
    labels: { queue_name: ({ instance }) => instance.name },
    set: ({ result }) => result,
  })
  push(job: Job): number {
    if (this.#waiting.length >= this.#options.capacity)
      throw new QueueFullError(`queue \`${this.name}\` is full`);
    this.#waiting.push(job);
    return this.start();
  }

  /** Settles when all that was pushed is done. */
  async drained(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  /** Starts as many jobs as there are free workers, and tells how many wait. */
  @TracksGauge(catalogue.queueDepth, {
    labels: { queue_name: ({ instance }) => instance.name },
    set: ({ result }) => result,
  })
  private start(): number {
    while (this.#underWay.size < this.#options.workers) {
      const job = this.#waiting.shift();
      if (job === undefined) break;
      const done = this.#options
        .work(job)
        .catch(() => undefined)
        .then(() => {
          this.#underWay.delete(done);
          this.start();
        });
      this.#underWay.add(done);
    }
    return this.#waiting.length;
  }
}
