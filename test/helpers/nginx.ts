/** A real nginx in front of a service, with its files in a temporary folder. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { freePort } from './free-port.js';
import { temporaryFolder } from './temporary-folder.js';
import { until } from './until.js';

const temporaryPaths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/**
 * Starts nginx as a proxy, and stops it when the test ends.
 * @param directives added to its `location`, after `proxy_pass`
 * @returns its URL
 */
export async function startNginx(
  t: ExecutionContext,
  program: string,
  upstream: string,
  directives: readonly string[] = [],
): Promise<string> {
  const folder = await temporaryFolder(t);
  const port = await freePort();
  const configuration = join(folder, 'nginx.conf');
  await writeFile(
    configuration,
    `daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
${temporaryPaths.map((name) => `  ${name}_temp_path ${folder}/${name};`).join('\n')}
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass ${upstream};
${directives.map((directive) => `      ${directive};`).join('\n')}
    }
  }
}
`,
  );
  const child = spawn(program, ['-p', folder, '-c', configuration, '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'close');
  let output = '';
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  t.teardown(async () => {
    child.kill('SIGQUIT');
    await ended;
  });
  const url = `http://127.0.0.1:${port}`;
  await until('nginx', async () => {
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}: ${output}`);
    return fetch(url).catch(() => undefined);
  });
  return url;
}
