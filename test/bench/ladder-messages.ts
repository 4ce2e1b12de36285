/**
 * The steps of the ladder of the messages that undici publishes of one request: what `instrumentFetch` does with them. The request
 * itself is left out, since its own time varies by more than all steps take.
 */
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { apiRequests } from '../../lib/catalogue/api.js';
import { instrumentFetch } from '../../lib/outbound/fetch.js';
import { targetFinder } from '../../lib/outbound/hosts.js';
import { MetricsRegistry } from '../../lib/registry.js';
import type { RunningStep } from './ladder-app.js';

const host = '127.0.0.1:8080';
const names = ['create', 'headers', 'trailers', 'error'].map((name) => `undici:request:${name}`);
const [create, headers, trailers] = names.map((name) => channel(name)) as [
  ReturnType<typeof channel>,
  ReturnType<typeof channel>,
  ReturnType<typeof channel>,
];
/** Those of the server of the other ladder, as undici passes them on. */
const responseHeaders = [
  ['content-type', 'application/json'],
  ['x-ratelimit-limit', '5000'],
  ['x-ratelimit-remaining', '4999'],
  ['x-ratelimit-resource', 'core'],
  ['Date', 'Sat, 28 Nov 2026 20:00:00 GMT'],
  ['Connection', 'keep-alive'],
  ['Keep-Alive', 'timeout=600'],
  ['Content-Length', '2'],
]
  .flat()
  .map((text) => Buffer.from(text));

/** The fields of undici's request that its subscribers read. */
class SentRequest {
  readonly origin = `http://${host}`;
  readonly method = 'GET';
  readonly path = '/';
  readonly headers: readonly string[] = ['accept', '*/*'];
}

export async function messagesStep(index: number): Promise<RunningStep> {
  const registry = new MetricsRegistry();
  const platform = { [host]: { service: 'github', platform: 'github' } };
  const find = targetFinder(platform);
  const steps: readonly NonNullable<RunningStep['switchOn']>[] = [
    () => () => {},
    () => listening(() => {}),
    () => listening((message) => void find((message as { request: SentRequest }).request.origin)),
    () => stopping(instrumentFetch({ registry })),
    () => stopping(instrumentFetch({ registry, hosts: platform })),
  ];
  return {
    switchOn: steps[index] as NonNullable<RunningStep['switchOn']>,
    run: async (requests) => {
      for (let left = requests; left > 0; left--) publish();
    },
    ...(index < 3
      ? {}
      : {
          recorded: async () =>
            [...registry.counter(apiRequests).series].reduce((sum, { value }) => sum + value, 0),
        }),
  };
}

/** As undici does: only for subscribers. */
function publish(): void {
  const request = new SentRequest();
  if (create.hasSubscribers) create.publish({ request });
  if (headers.hasSubscribers)
    headers.publish({ request, response: { statusCode: 200, headers: responseHeaders, statusText: 'OK' } });
  if (trailers.hasSubscribers) trailers.publish({ request, trailers: [] });
}

function listening(created: (message: unknown) => void): () => void {
  const listeners = [created, () => {}, () => {}, () => {}];
  const each = names.map((name, at) => ({ name, listener: listeners[at] as (message: unknown) => void }));
  for (const { name, listener } of each) subscribe(name, listener);
  return () => {
    for (const { name, listener } of each) unsubscribe(name, listener);
  };
}

function stopping(instrumentation: { stop(): void }): () => void {
  return () => instrumentation.stop();
}
