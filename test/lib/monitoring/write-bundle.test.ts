/** Writing a bundle into a folder: its own files are updated, other files are never lost. */
import { access, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { MetricsError } from '../../../lib/errors.js';
import { writeBundle } from '../../../lib/monitoring/write-bundle.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const file = (path: string, content = `of ${path}\n`) => ({ path, content });
const bundle = (...files: { path: string; content: string }[]) => ({ files });
const rules = file('prometheus/rules/slo.yml');
const readme = file('README.md');

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .sort();
}

test('files are written with a manifest, and rewritten only if they differ', async (t) => {
  const folder = join(await temporaryFolder(t), 'a/b');
  t.deepEqual(await writeBundle(bundle(rules, readme), folder), {
    written: ['README.md', 'prometheus/rules/slo.yml'],
    unchanged: [],
    removed: [],
    kept: [],
  });
  t.is(await readFile(join(folder, rules.path), 'utf8'), rules.content);
  t.deepEqual(await filesOf(folder), ['.tamma-bundle.json', 'README.md', 'prometheus/rules/slo.yml']);
  t.like(await writeBundle(bundle(rules, file('README.md', 'other')), folder), {
    written: ['README.md'],
    unchanged: ['prometheus/rules/slo.yml'],
  });
  t.is(await readFile(join(folder, 'README.md'), 'utf8'), 'other');
});

test('the manifest does not depend on the order of the files', async (t) => {
  const [one, other] = [await temporaryFolder(t), await temporaryFolder(t)];
  await writeBundle(bundle(rules, readme), one);
  await writeBundle(bundle(readme, rules), other);
  const manifest = (folder: string) => readFile(join(folder, '.tamma-bundle.json'), 'utf8');
  t.is(await manifest(one), await manifest(other));
});

test('obsolete files and empty folders are removed; deleted files are restored', async (t) => {
  const folder = await temporaryFolder(t);
  await writeBundle(bundle(rules, readme), folder);
  await writeFile(join(folder, 'prometheus/of-the-user.yml'), '');
  t.deepEqual((await writeBundle(bundle(readme), folder)).removed, ['prometheus/rules/slo.yml']);
  t.deepEqual(await filesOf(folder), ['.tamma-bundle.json', 'README.md', 'prometheus/of-the-user.yml']);
  await t.throwsAsync(access(join(folder, 'prometheus/rules')), { code: 'ENOENT' });
  await writeBundle(bundle(rules, readme), folder);
  t.deepEqual(await filesOf(folder), [
    '.tamma-bundle.json',
    'README.md',
    'prometheus/of-the-user.yml',
    rules.path,
  ]);
});

test('an obsolete file that was edited stays and leaves the manifest', async (t) => {
  const folder = await temporaryFolder(t);
  await writeBundle(bundle(rules, readme), folder);
  await writeFile(join(folder, rules.path), 'edited');
  t.like(await writeBundle(bundle(readme), folder), { removed: [], kept: [rules.path] });
  t.is(await readFile(join(folder, rules.path), 'utf8'), 'edited');
  const error = await t.throwsAsync(writeBundle(bundle(readme, rules), folder));
  t.regex(error?.message ?? '', /prometheus\/rules\/slo\.yml \(not of an earlier bundle\)/);
});

test('nothing is written if a file is third-party or edited, and all are listed', async (t) => {
  const folder = await temporaryFolder(t);
  await writeBundle(bundle(rules), folder);
  await writeFile(join(folder, rules.path), 'edited');
  await writeFile(join(folder, 'README.md'), 'of the user');
  const next = bundle(file(rules.path, 'new'), readme, file('COVERAGE.md'));
  await t.throwsAsync(writeBundle(next, folder), {
    instanceOf: MetricsError,
    code: 'ERR_METRICS_BUNDLE_FOLDER',
    message:
      /received 2 that would be lost: prometheus\/rules\/slo\.yml \(edited since it was written\), README\.md \(not of an earlier bundle\)\. Choose another folder, change an option instead of a file, or overwrite with --force\./,
  });
  t.is(await readFile(join(folder, rules.path), 'utf8'), 'edited');
  t.is(await readFile(join(folder, 'README.md'), 'utf8'), 'of the user');
  t.false((await filesOf(folder)).includes('COVERAGE.md'));
  await writeBundle(next, folder, { force: true });
  t.is(await readFile(join(folder, 'README.md'), 'utf8'), readme.content);
  t.is(await readFile(join(folder, rules.path), 'utf8'), 'new');
});

test('a third-party file with the same content is not a conflict', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'README.md'), readme.content);
  t.deepEqual((await writeBundle(bundle(readme), folder)).unchanged, ['README.md']);
});

for (const path of [
  '../outside.yml',
  '/etc/outside.yml',
  'a/../../outside.yml',
  'a\\b',
  'c:/x',
  '',
  'a//b',
  '.tamma-bundle.json',
]) {
  test(`a bundle cannot contain a file called ${JSON.stringify(path)}`, async (t) => {
    const folder = await temporaryFolder(t);
    await t.throwsAsync(writeBundle(bundle(file(path)), join(folder, 'in'), { force: true }), {
      code: 'ERR_METRICS_INVALID_MONITORING',
    });
    t.deepEqual(await readdir(folder), []);
  });
}

test('a symbolic link to another folder is not followed, even with force', async (t) => {
  const [folder, elsewhere] = [await temporaryFolder(t), await temporaryFolder(t)];
  await symlink(elsewhere, join(folder, 'prometheus'));
  await t.throwsAsync(writeBundle(bundle(rules), folder, { force: true }), {
    message:
      /prometheus\/rules\/slo\.yml \(a folder, or behind a file or a link\)\. Choose another folder, or move it away\./,
  });
  t.deepEqual(await readdir(elsewhere), []);

  await writeFile(join(elsewhere, 'kept'), 'kept');
  await symlink(join(elsewhere, 'kept'), join(folder, 'README.md'));
  await t.throwsAsync(writeBundle(bundle(readme), folder), { message: /README\.md \(not a regular file\)/ });
  await writeBundle(bundle(readme), folder, { force: true });
  t.is(await readFile(join(elsewhere, 'kept'), 'utf8'), 'kept', 'the link is replaced, not what it leads to');
});

test('a folder in place of a file, or a file in place of a folder, is reported', async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'README.md'));
  await writeFile(join(folder, 'prometheus'), '');
  await t.throwsAsync(writeBundle(bundle(readme, rules), folder), {
    message: /received 2 that would be lost/,
  });
});

for (const [what, content] of [
  ['that is not JSON', '{'],
  ['without files', 'null'],
  ['with a path outside of the folder', JSON.stringify({ files: { '../kept': 'a'.repeat(64) } })],
] as const) {
  test(`a manifest ${what} is a third-party file`, async (t) => {
    const outer = await temporaryFolder(t);
    const folder = join(outer, 'in');
    await mkdir(folder);
    await writeFile(join(outer, 'kept'), '');
    await writeFile(join(folder, '.tamma-bundle.json'), content);
    await t.throwsAsync(writeBundle(bundle(readme), folder), {
      message: /\.tamma-bundle\.json \(not written by `tamma-metrics bundle`\)/,
    });
    await writeBundle(bundle(readme), folder, { force: true });
    t.deepEqual(await readdir(outer), ['in', 'kept']);
    t.deepEqual(await filesOf(folder), ['.tamma-bundle.json', 'README.md']);
  });
}

test('a file that cannot be written leaves the earlier bundle unchanged', async (t) => {
  const folder = await temporaryFolder(t);
  await writeBundle(bundle(readme), folder);
  const unwritable = file(`${'x'.repeat(250)}.yml`);
  await t.throwsAsync(writeBundle(bundle(file('README.md', 'new'), unwritable), folder), {
    code: 'ENAMETOOLONG',
  });
  t.is(await readFile(join(folder, 'README.md'), 'utf8'), readme.content);
  t.deepEqual(await filesOf(folder), ['.tamma-bundle.json', 'README.md'], 'and nothing half-written');
});
