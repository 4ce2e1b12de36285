import test from 'ava';
import { parse } from 'yaml';
import { exampleBundle } from '../../helpers/example-bundle-folder.js';
import { compiled, fromRoot } from '../../helpers/package-root.js';
import { runProgram } from '../../helpers/run-program.js';

const { files, pathsIn, rules } = await exampleBundle('2.42');

test('every alert has one test in which it fires and one in which it is quiet', (t) => {
  const tests = pathsIn('prometheus/tests/').flatMap((path) => {
    const content = files.find((file) => file.path === path)?.content ?? '';
    return (parse(content) as { tests: { name: string }[] }).tests.map(({ name }) => name);
  });
  const names = rules.flatMap(({ alert }) => alert ?? []);
  t.true(names.length >= 50, String(names.length));
  for (const name of names) {
    t.true(tests.includes(`${name} fires`), name);
    t.true(tests.includes(`${name} ${name === 'Watchdog' ? 'fires on nothing' : 'stays quiet'}`), name);
  }
});

/** The hash of a bundle that another process generates. */
async function hashOfBundle(language: string, timeZone: string): Promise<string> {
  const script = `import { createHash } from 'node:crypto';
const { generateBundle } = await import(${JSON.stringify(compiled('lib/monitoring/bundle.ts'))});
console.log(createHash('sha256').update(JSON.stringify(await generateBundle())).digest('hex'));`;
  const { code, output } = await runProgram(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: fromRoot(''),
    env: { ...process.env, LC_ALL: language, TZ: timeZone },
  });
  if (code !== 0) throw new Error(output);
  return output;
}

test('the bytes do not depend on locale and time zone', async (t) => {
  const [plain, other] = await Promise.all([
    hashOfBundle('C', 'UTC'),
    hashOfBundle('tr_TR.UTF-8', 'Asia/Kathmandu'),
  ]);
  t.is(plain, other);
});
