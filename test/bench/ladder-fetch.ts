/** The steps of the ladder of an outgoing request, to a server in another process. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { apiRequests } from '../../lib/catalogue/api.js';
import { instrumentFetch } from '../../lib/outbound/fetch.js';
import { MetricsRegistry } from '../../lib/registry.js';
import { compiled } from '../helpers/package-root.js';
import type { RunningStep } from './ladder-app.js';

export async function fetchStep(index: number): Promise<RunningStep> {
  const server = fork(compiled('test/bench/ladder-server.ts'), { execArgv: [] });
  process.once('exit', () => server.kill());
  const [port] = (await once(server, 'message')) as [number];
  const registry = new MetricsRegistry();
  const host = `127.0.0.1:${port}`;
  const run = async (requests: number): Promise<void> => {
    for (let left = requests; left > 0; left--) await (await fetch(`http://${host}/`)).text();
  };
  if (index === 0) return { run };
  return {
    run,
    switchOn: () => {
      const instrumentation = instrumentFetch({
        registry,
        hosts: { [host]: { service: 'github', platform: 'github' } },
      });
      return () => instrumentation.stop();
    },
    recorded: async () =>
      [...registry.counter(apiRequests).series].reduce((sum, { value }) => sum + value, 0),
  };
}
