/** A class whose decorated method returns a given result, and what it recorded. */
import { Counted, outcome, TracksGauge } from '../../../decorators/index.js';
import { defineCounter, defineGauge } from '../../../lib/define.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry, readValue } from '../../../lib/testing.js';

/** Named once: a `then` in a class is what is tested here, and nothing that anyone should write. */
const then = 'then';

const calls = defineCounter({
  name: 'calls_total',
  help: 'Calls.',
  labels: { outcome: label('success', 'failure', 'escalation') },
});
const running = defineGauge({ name: 'calls_running', help: 'Calls in progress.' });

export const inProgress = { success: 0, failure: 0, running: 1 };
export const once = { success: 1, failure: 0, running: 0 };
export const failedOnce = { success: 0, failure: 1, running: 0 };

export function recordedCalls() {
  const registry = createTestRegistry();
  class Api {
    @Counted(calls, { registry, labels: { outcome } })
    @TracksGauge(running, { registry })
    run<T>(make: () => T): T {
      return make();
    }
    @Counted(calls, { registry, labels: { outcome } })
    @TracksGauge(running, { registry })
    pass<T>(value: T): T {
      return value;
    }
    /** A method with a single decorator, which is not combined with another one. */
    @Counted(calls, { registry, labels: { outcome } })
    count<T>(make: () => T): T {
      return make();
    }
  }
  /** Like `knex` and other builders: each step returns the builder itself. */
  class Builder {
    @Counted(calls, { registry, labels: { outcome } })
    @TracksGauge(running, { registry })
    where(): this {
      return this;
    }
    [then]<R>(onFulfilled: (rows: number[]) => R): Promise<R> {
      return Promise.resolve([1]).then(onFulfilled);
    }
  }
  return {
    api: new Api(),
    Builder,
    recorded: () => ({
      success: readValue(registry, calls, { outcome: 'success' }) ?? 0,
      failure: readValue(registry, calls, { outcome: 'failure' }) ?? 0,
      running: readValue(registry, running) ?? 0,
    }),
  };
}
