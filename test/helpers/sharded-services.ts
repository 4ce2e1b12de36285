/** Two example services in different shards that process only the webhooks of the test, and their series. */
import { createHash, createHmac } from 'node:crypto';
import type { ExecutionContext } from 'ava';
import { freePort } from './free-port.js';
import { type ParsedSample, parseText } from './parse-text.js';
import { type ServiceProcess, startServiceProcess } from './service-process.js';

export interface ScrapedService extends ServiceProcess {
  readonly address: string;
  readonly shard: number;
}

const secret = 'of the remote-write test';

/** Two idle services, the first in shard 0 and the second in shard 1. */
export async function startServices(t: ExecutionContext): Promise<[ScrapedService, ScrapedService]> {
  const [first, second] = await Promise.all([0, 1].map(start));
  if (first === undefined || second === undefined) throw new Error('two services were started');
  return [first, second];

  async function start(shard: number): Promise<ScrapedService> {
    let port = await freePort();
    while (shardOf(`127.0.0.1:${port}`) !== shard) port = await freePort();
    const service = await startServiceProcess({ PORT: String(port), REPLAY: 'off', WEBHOOK_SECRET: secret });
    t.teardown(() => service.stop());
    return { ...service, address: `127.0.0.1:${port}`, shard };
  }
}

/** The shard of an address, as `hashmod` with modulus 2 computes it: the last 8 bytes of its MD5 as a number. */
function shardOf(address: string): number {
  return Number(createHash('md5').update(address).digest().readBigUInt64BE(8) % 2n);
}

export async function deliver(t: ExecutionContext, { url }: ServiceProcess): Promise<void> {
  const body = '{"zen":"Keep it logically awesome."}';
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  const response = await fetch(`${url}/webhooks/github`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'ping',
      'x-github-delivery': '1',
      'x-hub-signature-256': `sha256=${signature}`,
    },
  });
  t.true(response.ok, `${response.status}`);
}

/** The series of the service, except those that change by themselves: the process and the scrapes. */
export async function samplesOf({ url }: ServiceProcess): Promise<ParsedSample[]> {
  const samples = parseText(await (await fetch(`${url}/metrics`)).text());
  return samples.filter(
    ({ name, labels }) =>
      !/^(nodejs|process|metrics|http_server_requests_in_flight)/.test(name) && labels.route !== '/metrics',
  );
}

/** The key of a series. `le` is a number, because Prometheus scrapes OpenMetrics, where `1` is `1.0`. */
export function keyOf({ name, labels }: Pick<ParsedSample, 'name' | 'labels'>): string {
  const { le, ...others } = labels;
  return JSON.stringify([name, le === undefined ? null : Number(le), Object.entries(others).sort()]);
}
