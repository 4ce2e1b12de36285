/** A real Prometheus that scrapes given texts. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import { type Prometheus, startPrometheus } from './prometheus.js';

export interface ServedExposition {
  readonly contentType: string;
  readonly text: string | Buffer;
}

/** Each text is scraped by its own job, whose name is its index, until the end of the test. */
export async function scrapeExpositions(
  t: ExecutionContext,
  program: string,
  expositions: readonly ServedExposition[],
  args: readonly string[] = [],
): Promise<Prometheus> {
  const server = createServer((request, response) => {
    const { contentType, text } = expositions[Number(request.url?.slice(1))] ?? {
      contentType: 'text/plain',
      text: 'a 1\n',
    };
    response.writeHead(200, { 'content-type': contentType }).end(text);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const job = expositions
    .map(
      (_, index) =>
        `  - job_name: '${index}'\n    metrics_path: /${index}\n    static_configs:\n      - targets: ['${host}']\n`,
    )
    .join('');
  const prometheus = await startPrometheus({
    program,
    target: `http://${host}/metrics`,
    scrapeIntervalSeconds: 5,
    job,
    args,
  });
  t.teardown(() => prometheus.stop());
  return prometheus;
}
