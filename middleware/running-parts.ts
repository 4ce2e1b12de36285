/** The parts of `createMetrics` that run between its start and its stop, and the steps that end them. */
import type { Snapshots } from '../lib/durability/keep-snapshots.js';
import type { MetricsPush } from '../lib/push/pushgateway.js';
import type { ShutdownStep } from '../lib/shutdown.js';
import type { MetricsServer } from './metrics-server.js';
import type { WorkerMetrics } from './worker-metrics.js';

/** Those that have begun. */
export interface RunningParts {
  worker?: WorkerMetrics;
  push?: MetricsPush;
  snapshots?: Snapshots;
  server?: MetricsServer;
}

/** What ends the parts that have begun, each with the time that it needs. */
export function endingSteps({ worker, push, snapshots, server }: RunningParts): ShutdownStep[] {
  return [
    ...given(worker, ({ leave }) => ({
      waitsFor: () => 'the other processes to take the last numbers',
      run: (deadlineSeconds) => leave({ deadlineSeconds }),
      // Where the elected one ends at the same time, another is elected first.
      maxSeconds: 5,
      needsSeconds: 2,
    })),
    ...given(push, (each) => ({
      waitsFor: () => 'a last push',
      run: (deadlineSeconds) => each.stop({ deadlineSeconds }),
      needsSeconds: 2,
    })),
    ...given(snapshots, (each) => ({
      waitsFor: () => 'a last snapshot',
      run: () => each.stop(),
      needsSeconds: 2,
    })),
    ...given(server, ({ close }) => ({
      waitsFor: () => 'the metrics server to close',
      run: (deadlineSeconds) => close({ deadlineSeconds }),
      maxSeconds: 5,
      needsSeconds: 1,
    })),
    ...given(worker, (each) => ({ run: () => each.stop(), maxSeconds: 2, needsSeconds: 1 })),
  ];
}

/** A step of a part that there is; none of one that there is not, so that no time is kept for it. */
function given<T>(part: T | undefined, stepOf: (part: T) => ShutdownStep): ShutdownStep[] {
  return part === undefined ? [] : [stepOf(part)];
}
