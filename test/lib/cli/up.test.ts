import { access, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { upPlan } from '../../../lib/cli/up-plan.js';
import { command, surroundings } from '../../helpers/command.js';

test('without a folder, a temporary bundle is generated with free ports and a private token', async (t) => {
  const env = { METRICS_TOKEN: 's3cret', METRICS_RETENTION_DAYS: '3', METRICS_PORT: '8080' };
  const plan = await upPlan({ prometheusPort: 0, alertmanagerPort: 0 }, { ...surroundings, env });
  t.like(plan, { retentionDays: 3, isTemporary: true });
  const readme = await readFile(join(plan.folder, 'README.md'), 'utf8');
  t.true(readme.includes(`Prometheus is then at http://127.0.0.1:${plan.prometheusPort}`));
  t.true(readme.includes(`Alertmanager at http://127.0.0.1:${plan.alertmanagerPort}`));
  const token = join(plan.folder, 'token');
  t.is(await readFile(token, 'utf8'), 's3cret');
  t.is((await stat(token)).mode & 0o777, 0o600);
  await plan.end();
  await t.throwsAsync(access(plan.folder), { code: 'ENOENT' });
});

test('without Prometheus and Alertmanager it exits with 2 and prints how to install them', async (t) => {
  const { code, stderr } = await command(['up'], { env: { PATH: '/nowhere' } });
  t.is(code, 2);
  for (const expected of [
    'apt-get install prometheus prometheus-alertmanager',
    'brew install',
    'docker-compose.yml',
  ])
    t.true(stderr.includes(expected), expected);
});

test('a port out of range is refused with exit code 2', async (t) => {
  t.deepEqual(await command(['up', '--prometheus-port', '65536']), {
    code: 2,
    stdout: '',
    stderr:
      "error: option '--prometheus-port <port>' argument '65536' is invalid. Expected a port, 0 to 65535.\n(see --help)\n",
  });
});
