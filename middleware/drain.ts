/** The first step of a stop: turns readiness off, ends the service's own work and closes its servers. */
import { systemClock } from '../lib/clock.js';
import type { HealthChecks } from '../lib/health.js';
import type { ShutdownStep } from '../lib/shutdown.js';
import { closeServer, serversIn } from './drained-server.js';

export interface DrainOptions {
  readonly health: HealthChecks;
  /** The option of `createMetrics`. */
  readonly drain: (() => unknown) | undefined;
  /** Seconds for which the servers that `drain` returns go on, so that load balancers notice that the service is not ready. */
  readonly graceSeconds: () => number;
  /** Called at the start of the drain. Errors are ignored. */
  readonly meanwhile: () => unknown;
}

export function drainStep({ health, drain, graceSeconds, meanwhile }: DrainOptions): ShutdownStep {
  const waits = new Set<string>();
  const waitedFor = async <T>(what: string, work: Promise<T>): Promise<T> => {
    waits.add(what);
    return work.finally(() => waits.delete(what));
  };
  return {
    waitsFor: () => [...waits].join(' and '),
    run: async (seconds) => {
      const end = systemClock.now() + seconds * 1_000;
      const grace = Math.min(graceSeconds(), seconds);
      // A failing `drain` does not shorten the time that load balancers need.
      const [returned] = await Promise.allSettled([
        // Called once readiness is off.
        waitedFor('`drain()`', Promise.resolve().then(drain)),
        waitedFor(
          `load balancers to notice that it is not ready (${grace} s)`,
          health.drain({ seconds: grace }),
        ),
        meanwhile(),
      ]);
      if (returned.status === 'rejected') throw returned.reason;
      const left = Math.max(0, (end - systemClock.now()) / 1_000);
      const closed = serversIn(returned.value).map((server) => closeServer(server, left));
      await waitedFor('requests in progress', Promise.all(closed));
    },
  };
}
