import test from 'ava';
import { parse } from 'yaml';
import { exampleBundleFolders } from '../../helpers/example-bundle-folder.js';
import { compiled, fromRoot } from '../../helpers/package-root.js';
import { runProgram } from '../../helpers/run-program.js';

const [{ files, pathsIn, rules }, forPrometheus3] = await exampleBundleFolders('2.42', '3');

test('rules and rule tests are the same for Prometheus 2.42 and 3', (t) => {
  const prometheusRules = (all: typeof files) =>
    all.filter(({ path }) => /^prometheus\/(rules|tests)\//.test(path));
  t.true(prometheusRules(files).length > 0);
  t.deepEqual(prometheusRules(forPrometheus3.files), prometheusRules(files));
});

test('every alert has a test in which it fires, and one in which it is quiet', (t) => {
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

// ---- how it is made --------------------------------------------------------------------------------------------------

interface Made {
  readonly milliseconds: readonly number[];
  readonly hash: string;
}

/** Generates three times in a process of its own. */
async function made(language: string, timeZone: string): Promise<Made> {
  const script = `import { createHash } from 'node:crypto';
const { generateBundle } = await import(${JSON.stringify(compiled('lib/monitoring/bundle.ts'))});
const milliseconds = [];
let made;
for (let time = 0; time < 3; time++) {
  const start = performance.now();
  made = await generateBundle();
  milliseconds.push(Math.round(performance.now() - start));
}
console.log(JSON.stringify({ milliseconds, hash: createHash('sha256').update(JSON.stringify(made)).digest('hex') }));`;
  const { code, output } = await runProgram(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: fromRoot(''),
    env: { ...process.env, LC_ALL: language, TZ: timeZone },
  });
  if (code !== 0) throw new Error(output);
  return JSON.parse(output) as Made;
}

test.serial('two processes make the same bytes, in less than two seconds', async (t) => {
  const one = await made('C', 'UTC');
  const other = await made('tr_TR.UTF-8', 'Asia/Kathmandu');
  t.is(one.hash, other.hash);
  for (const { milliseconds } of [one, other]) {
    const [first = 0, ...later] = milliseconds;
    t.log(`${first} ms, and ${later.join(' and ')} ms once everything is loaded`);
    t.true(Math.min(...later) < 2_000, `${later} ms`);
    // The first one loads Grafana's builders and the grammar of PromQL, on a machine that has others on it.
    t.true(first < 10_000, `${first} ms`);
  }
});
