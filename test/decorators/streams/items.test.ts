/** Each item of a result is reported once, and the steps of an iterator run within the call. */
import { EventEmitter } from 'node:events';
import test from 'ava';
import { PlatformRequest, ProviderRequest } from '../../../decorators/index.js';
import { usageReader } from '../../../decorators/presets/usage.js';
import { observeWire, scopeIn } from '../../../lib/outbound/request-scope.js';
import { createTestRegistry } from '../../../lib/testing.js';

const noFacts = { usage: undefined, model: undefined, stop: undefined };

/** A method that returns a result, whose items are noted. */
function subject() {
  const items: unknown[] = [];
  const item = (seen: unknown): boolean => {
    items.push(seen);
    return true;
  };
  const usage = usageReader({
    knows: () => true,
    read: () => noFacts,
    follow: () => ({ item, facts: () => noFacts }),
  });
  class Provider {
    @ProviderRequest({ registry: createTestRegistry(), usage })
    ask<T>(make: () => T): T {
      return make();
    }
  }
  return { provider: new Provider(), items };
}

test('a cursor whose method returns the cursor itself reports each item once', async (t) => {
  const { provider, items } = subject();
  const cursor = provider.ask(() => {
    const rows = [1, 2];
    return {
      sort() {
        return this;
      },
      next: async () => rows.shift() ?? null,
      async *[Symbol.asyncIterator]() {
        yield* rows;
      },
    };
  });
  t.is(cursor.sort(), cursor);
  for (const row of [1, 2, null]) t.is(await cursor.next(), row);
  t.deepEqual(items, [1, 2]);
});

test('an emitter whose method returns the emitter itself reports each item once', (t) => {
  const { provider, items } = subject();
  const emitter = provider.ask(() =>
    Object.assign(new EventEmitter(), {
      setEncoding() {
        return this;
      },
      async *[Symbol.asyncIterator]() {},
    }),
  );
  t.is(emitter.setEncoding(), emitter);
  for (const row of [1, 2]) emitter.emit('data', row);
  t.deepEqual(items, [1, 2]);
});

test('each step of a generator runs within its request, and what its caller does between them does not', (t) => {
  const registry = createTestRegistry();
  t.teardown(observeWire(registry));
  const service = (): string | undefined => scopeIn(registry)?.service;
  class Hub {
    @PlatformRequest({ registry, labels: { platform: 'github' } })
    *pages(): Generator<string | undefined> {
      yield service();
      yield service();
    }
  }
  const seen: unknown[] = [];
  for (const page of new Hub().pages()) seen.push(page, service());
  t.deepEqual(seen, ['github', undefined, 'github', undefined]);
});
