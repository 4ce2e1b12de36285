/**
 * Fetches from a server over loopback, in slices (`fetch-app.js STEP PORT SLICE`). Each message of the parent starts one; the
 * answer is its CPU time.
 */
import { apiRequests } from '../../lib/catalogue/api.js';
import { instrumentFetch } from '../../lib/outbound/fetch.js';
import { MetricsRegistry } from '../../lib/registry.js';

/** What the process sends after each slice. */
export interface FetchSlice {
  /** CPU time of a fetch, in microseconds. */
  readonly microseconds: number;
  /** Requests that the metrics contain; `undefined` if none are recorded. */
  readonly recorded: number | undefined;
}

const [step, port, slice] = process.argv.slice(2).map(Number) as [number, number, number];
const host = `127.0.0.1:${port}`;
const registry = new MetricsRegistry();
if (step > 0) instrumentFetch({ registry, hosts: { [host]: { service: 'github', platform: 'github' } } });

process.on('message', async () => {
  const before = process.cpuUsage();
  for (let left = slice; left > 0; left--) await (await fetch(`http://${host}/`)).text();
  const { user, system } = process.cpuUsage(before);
  process.send?.({
    microseconds: (user + system) / slice,
    recorded: step === 0 ? undefined : recordedRequests(),
  } satisfies FetchSlice);
});

function recordedRequests(): number {
  return [...registry.counter(apiRequests).series].reduce((sum, { value }) => sum + value, 0);
}
