/** `tamma-metrics bundle`, as users run it. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { bundleReport } from '../../../lib/cli/bundle.js';
import { bundleOptions } from '../../../lib/cli/bundle-options.js';
import { cli } from '../../helpers/cli.js';
import { command, surroundings } from '../../helpers/command.js';
import { compiled } from '../../helpers/package-root.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

/** An options file in its own folder. */
async function configFile(t: ExecutionContext, text: string, name = 'monitoring.mjs'): Promise<string> {
  const file = join(await temporaryFolder(t), name);
  await writeFile(file, text);
  return file;
}

test('it writes the bundle and prints the next steps; a second run changes nothing', async (t) => {
  const folder = join(await temporaryFolder(t), 'monitoring');
  const env = { SERVICE_NAME: 'mine', METRICS_RETENTION_DAYS: '7' };
  const first = await command(['bundle', '--out', folder], { env });
  t.is(first.stderr, '');
  t.is(first.code, 0);
  t.regex(first.stdout, /^\+ README\.md$/m);
  t.true(first.stdout.includes(`promtool check config ${folder}/prometheus/prometheus.yml`));
  t.true(first.stdout.includes(`tamma-metrics up --dir ${folder}\n`));
  const readme = await readFile(join(folder, 'README.md'), 'utf8');
  t.true(readme.includes('# Monitoring of mine'), "the service's settings come from the environment");
  t.true(readme.includes('retention.time=7d'));

  const second = JSON.parse((await command(['bundle', '-o', folder, '--json'], { env })).stdout);
  t.like(second, { folder, written: [], removed: [], kept: [] });
  t.true(second.unchanged.includes('README.md'));
});

for (const [what, text, name] of [
  [
    'its default export',
    "export default { config: { service: 'from-file' }, grafanaUrl: 'https://g' };",
    'monitoring.mjs',
  ],
  ['its export `bundle`', "export const bundle = { config: { service: 'from-file' } };", 'monitoring.js'],
] as const) {
  test(`options are read from a file, ${what}, and override the environment`, async (t) => {
    const config = await configFile(t, text, name);
    await writeFile(join(config, '../package.json'), '{ "type": "module" }');
    const env = { SERVICE_NAME: 'from-environment', METRICS_PORT: '8080' };
    t.like(await bundleOptions({ config, target: '3' }, { ...surroundings, env }), {
      target: '3',
      // Settings that are not in the file come from the environment.
      config: { service: 'from-file', port: 8080 },
    });
  });
}

test('an options file may be TypeScript if Node can load it', async (t) => {
  const config = await configFile(
    t,
    'const port: number = 0;\nexport default { ports: port };',
    'monitoring.ts',
  );
  const args = ['bundle', '--out', 'x', '--config', config];
  const { code, stderr } = await cli(args, { NODE_OPTIONS: '--import=tsx' });
  t.is(code, 2);
  t.regex(stderr, /^Unknown option `ports` of generateBundle/, 'it was read');
});

test('an options file can import the package, define a metric and add a rule for it', async (t) => {
  const file = await configFile(
    t,
    `import { defineCounter } from ${JSON.stringify(compiled('lib/define.ts'))};
export default {
  definitions: [defineCounter({ name: 'jobs_total', help: 'Jobs.' })],
  recordingRules: [{ record: 'job:jobs:rate5m', expression: 'sum by (job) (rate(jobs_total[5m]))' }],
};`,
  );
  const folder = join(await temporaryFolder(t), 'out');
  t.like(await command(['bundle', '--out', folder, '--config', file]), { code: 0, stderr: '' });
  t.true((await readFile(join(folder, 'COVERAGE.md'), 'utf8')).includes('| `jobs_total` (own) |'));
});

test('a rule that does not match the definitions exits with 1, writes nothing and names the rule', async (t) => {
  const file = await configFile(
    t,
    "export default { recordingRules: [{ record: 'job:x:rate5m', expression: 'sum(rate(issue_processed_total[5m]))' }] };",
  );
  const outer = await temporaryFolder(t);
  const { code, stdout, stderr } = await command(['bundle', '--out', join(outer, 'out'), '--config', file]);
  t.is(code, 1);
  t.is(stdout, '');
  t.regex(
    stderr,
    /^Invalid monitoring bundle: record `job:x:rate5m` in .* Did you mean `issues_processed_total`\?/,
  );
  t.deepEqual(await readdir(outer), []);
});

test('files of the user are kept, with exit code 1, unless --force is given', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'README.md'), 'of the user');
  const { code, stderr } = await command(['bundle', '--out', folder]);
  t.is(code, 1);
  t.regex(stderr, /that would be lost: README\.md \(not of an earlier bundle\)\..* overwrite with --force/);
  t.deepEqual(await readdir(folder), ['README.md']);
  t.is((await command(['bundle', '--out', folder, '--force'])).code, 0);
  t.not(await readFile(join(folder, 'README.md'), 'utf8'), 'of the user');
});

for (const [what, args, message] of [
  ['no folder', [], /^Missing option `--out`: expected the folder to write to\.$/m],
  [
    'another Prometheus',
    ['--out', 'x', '--target', 'prometheus=1'],
    /Expected prometheus=2\.42 or prometheus=3/,
  ],
  [
    'no such file',
    ['--out', 'x', '--config', '/nowhere/monitoring.mjs'],
    /^Cannot read `\/nowhere\/monitoring\.mjs`: expected an ES module: Cannot find/,
  ],
] as const) {
  test(`${what}: exits with 2 and prints the reason`, async (t) => {
    const { code, stdout, stderr } = await command(['bundle', ...args]);
    t.is(code, 2);
    t.is(stdout, '');
    t.regex(stderr, message);
  });
}

for (const [what, text, message] of [
  [
    'has no export of options',
    'export const options = {};',
    /as an export named `bundle`, received options\./,
  ],
  ['exports a number', 'export default 5;', /received 5\./],
  ['is not JavaScript', 'export default {', /expected an ES module: /],
  ['throws', "throw new Error('no such region');", /expected an ES module: no such region\./],
  [
    'has an unknown option',
    'export default { alert: [] };',
    /Unknown option `alert` of generateBundle: .* Did you mean `alerts`\?/,
  ],
] as const) {
  test(`an options file that ${what} is an error`, async (t) => {
    await t.throwsAsync(bundleReport({ out: 'x', config: await configFile(t, text) }, surroundings), {
      message,
    });
  });
}

test('an invalid options file and an invalid environment variable exit with 2', async (t) => {
  const file = await configFile(t, 'export const options = {};');
  t.like(await command(['bundle', '--out', 'x', '--config', file]), { code: 2, stdout: '' });
  t.like(await command(['bundle', '--out', 'x'], { env: { METRICS_PORT: 'x' } }), { code: 2, stdout: '' });
});

test('--help lists the exit codes', async (t) => {
  for (const name of ['bundle', 'up'])
    t.regex((await command([name, '--help'])).stdout, /Exit codes: 0 .* 1 .* 2 /s);
});

test('--include overrides the `include` of the file', async (t) => {
  const config = await configFile(t, "export default { include: ['http', 'workflow'] };");
  const folder = join(await temporaryFolder(t), 'out');
  const args = ['bundle', '--out', folder, '--config', config, '--include', 'http, process'];
  t.like(await command(args, { env: { SERVICE_NAME: 'shop' } }), { code: 0, stderr: '' });
  t.deepEqual((await readdir(join(folder, 'runbooks'))).sort(), [
    'http.md',
    'pipeline.md',
    'process.md',
    'slo.md',
    'targets.md',
  ]);
});

test('--include with an unknown part is an error with a suggestion, and writes nothing', async (t) => {
  const folder = join(await temporaryFolder(t), 'out');
  const { code, stderr } = await command(['bundle', '--out', folder, '--include', 'http,proces']);
  t.is(code, 1);
  t.regex(stderr, /^Invalid `include` .* received "proces"\. Did you mean `process`\?/);
  await t.throwsAsync(readdir(folder));
});
