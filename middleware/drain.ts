/** The first step of a stop: readiness off, the service's own work ended, its servers closed. */
import { systemClock } from '../lib/clock.js';
import type { HealthChecks } from '../lib/health.js';
import type { ShutdownStep } from '../lib/shutdown.js';
import { closeServer, serversIn } from './drained-server.js';

export interface DrainOptions {
  readonly health: HealthChecks;
  /** Of the service: see `CreateMetricsOptions`. */
  readonly drain: (() => unknown) | undefined;
  /** Seconds for which the servers that `drain` returns go on, so that whoever sends requests sees that it is not ready. */
  readonly graceSeconds: () => number;
  /** What else is to be done meanwhile. */
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
      // One that fails does not cut short what load balancers need.
      const [returned] = await Promise.allSettled([
        // Called once readiness is off.
        waitedFor('`drain()`', Promise.resolve().then(drain)),
        waitedFor(
          `load balancers to see that it is not ready (${grace} s)`,
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
