import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { hasShownLines } from '../helpers/example-process.js';
import { fetchedFolder } from '../helpers/fetched-packages.js';
import { requireFreshBuild } from '../helpers/fresh-build.js';
import { fromRoot } from '../helpers/package-root.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { until } from '../helpers/until.js';

const run = promisify(execFile);

/** A port that is free now: PM2's workers share one by its number, so it cannot be 0. */
async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

test("the service under PM2 exposes the sum of its workers, and a reload keeps it, with the example's configuration", async (t) => {
  await requireFreshBuild();
  const home = await temporaryFolder(t);
  const [port, metricsPort] = [await freePort(), await freePort()];
  const env = {
    ...process.env,
    PM2_HOME: home,
    TMPDIR: await temporaryFolder(t),
    PORT: port,
    METRICS_ENDPOINT: '127.0.0.1',
    METRICS_PORT: metricsPort,
  };
  const program = join(await fetchedFolder('pm2'), 'node_modules/pm2/bin/pm2');
  const pm2 = (...args: string[]) => run(process.execPath, [program, ...args], { env, cwd: fromRoot('') });
  t.teardown(() => pm2('kill'));
  await pm2('start', 'examples/pm2/ecosystem.config.json');
  const logs = async (): Promise<string> => {
    const files = await readdir(join(home, 'logs')).catch(() => []);
    return (await Promise.all(files.map((file) => readFile(join(home, 'logs', file), 'utf8')))).join('');
  };
  await until('both workers', async () =>
    [...(await logs()).matchAll(/Process \d+ listens/g)].length === 2 ? true : undefined,
  );
  const scraped = (): Promise<string> =>
    until('a scrape of both workers', async () => {
      const options = { headers: { connection: 'close' } };
      const response = await fetch(`http://127.0.0.1:${metricsPort}/metrics`, options).catch(() => undefined);
      const text = await response?.text();
      return text?.includes('metrics_cluster_workers{state="answering"} 2') === true ? text : undefined;
    });
  await scraped();
  for (let count = 0; count < 4; count++) await (await fetch(`http://127.0.0.1:${port}`)).text();
  await hasShownLines(t, 'pm2', await scraped());
  await pm2('reload', 'jobs');
  await hasShownLines(t, 'pm2', await scraped());
});
