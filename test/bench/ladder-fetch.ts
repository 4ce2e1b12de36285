/** The steps of the ladder of an outgoing request, to a server in another process. */
import { fork } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { apiRequests } from '../../lib/catalogue/api.js';
import { instrumentFetch } from '../../lib/outbound/fetch.js';
import { targetFinder } from '../../lib/outbound/hosts.js';
import { MetricsRegistry } from '../../lib/registry.js';
import { compiled } from '../helpers/package-root.js';
import type { RunningStep } from './ladder-app.js';

type SwitchOn = NonNullable<RunningStep['switchOn']>;

export async function fetchStep(index: number): Promise<RunningStep> {
  const server = fork(compiled('test/bench/ladder-server.ts'), { execArgv: [] });
  process.once('exit', () => server.kill());
  const [port] = (await once(server, 'message')) as [number];
  const registry = new MetricsRegistry();
  const host = `127.0.0.1:${port}`;
  const switchOn = stepsFor(registry, host)[index] as SwitchOn;
  return {
    switchOn,
    run: async (requests) => {
      for (let left = requests; left > 0; left--) await (await fetch(`http://${host}/`)).text();
    },
    ...(index < 3
      ? {}
      : {
          recorded: async () =>
            [...registry.counter(apiRequests).series].reduce((sum, { value }) => sum + value, 0),
        }),
  };
}

function stepsFor(registry: MetricsRegistry, host: string): readonly SwitchOn[] {
  const platform = { [host]: { service: 'github', platform: 'github' } };
  const find = targetFinder(platform);
  return [
    () => () => {},
    () => listening(() => {}),
    () =>
      listening((message) => void find(String((message as { request: { origin: unknown } }).request.origin))),
    () => stopping(instrumentFetch({ registry })),
    () => stopping(instrumentFetch({ registry, hosts: platform })),
  ];
}

function listening(created: (message: unknown) => void): () => void {
  const listeners = [created, () => {}, () => {}, () => {}];
  const channels = ['create', 'headers', 'trailers', 'error'].map((name) => `undici:request:${name}`);
  for (const [at, channel] of channels.entries())
    subscribe(channel, listeners[at] as (message: unknown) => void);
  return () => {
    for (const [at, channel] of channels.entries())
      unsubscribe(channel, listeners[at] as (message: unknown) => void);
  };
}

function stopping(instrumentation: { stop(): void }): () => void {
  return () => instrumentation.stop();
}
