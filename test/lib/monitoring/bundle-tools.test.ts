/** The whole bundle before the real tools of Prometheus and Alertmanager, with a user's own in it; and made by two processes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { bundle as example } from '../../../examples/monitoring/bundle.config.js';
import { generateBundle } from '../../../lib/monitoring/bundle.js';
import type { BundleOptions } from '../../../lib/monitoring/settings.js';
import { writeBundle } from '../../../lib/monitoring/write-bundle.js';
import { compiled, fromRoot } from '../../helpers/package-root.js';
import { testWith } from '../../helpers/programs.js';
import { runProgram } from '../../helpers/run-program.js';

/** The defaults, and the definition, the objective and the alert that the example has of its own. */
const { definitions, slos, alerts } = example;
const options = { definitions, slos, alerts } as BundleOptions;
const { files } = await generateBundle(options);
const folder = await mkdtemp(join(tmpdir(), 'tamma-tools-'));
await writeBundle({ files }, folder);
test.after.always(() => rm(folder, { recursive: true, force: true }));

const pathsIn = (start: string): string[] =>
  files.map(({ path }) => path).filter((path) => path.startsWith(start));

testWith(
  ['promtool'],
  'promtool takes the configuration, and the rules that it names',
  async (t, { promtool }) => {
    const { code, output } = await runProgram(promtool, ['check', 'config', 'prometheus/prometheus.yml'], {
      cwd: folder,
    });
    t.is(code, 0, output);
    t.true(output.includes(`SUCCESS: ${pathsIn('prometheus/rules/').length} rule files found`), output);
  },
);

testWith(['promtool'], 'promtool finds nothing to say of any rule', async (t, { promtool }) => {
  const rules = pathsIn('prometheus/rules/');
  const { code, output } = await runProgram(
    promtool,
    ['check', 'rules', '--lint=all', '--lint-fatal', ...rules],
    { cwd: folder },
  );
  t.is(code, 0, output);
  t.is(output.match(/SUCCESS/g)?.length, rules.length, output);
});

interface Rule {
  readonly alert?: string;
  readonly labels: Readonly<Record<string, string>>;
}

const rules = pathsIn('prometheus/rules/').flatMap((path) => {
  const content = files.find((file) => file.path === path)?.content ?? '';
  return (parse(content) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
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

for (const path of pathsIn('prometheus/tests/')) {
  testWith(['promtool'], `${path} passes`, async (t, { promtool }) => {
    t.timeout(150_000);
    const { code, output } = await runProgram(promtool, ['test', 'rules', path], { cwd: folder });
    t.is(code, 0, output);
    t.regex(output, /SUCCESS/);
  });
}

testWith(
  ['amtool'],
  'amtool takes the configuration of Alertmanager and its templates',
  async (t, { amtool }) => {
    const { code, output } = await runProgram(amtool, ['check-config', 'alertmanager.yml'], {
      cwd: join(folder, 'alertmanager'),
    });
    t.is(code, 0, output);
    t.regex(output, /5 receivers[\s\S]*1 templates\s+SUCCESS/);
  },
);

/** Alerts of the rule files, with the labels that stand there. */
for (const [alert, receiver] of [
  ['TargetsDown', 'pager'],
  ['WorkflowsFailing', 'pager'],
  ['WorkflowsFailingElevated', 'tickets'],
  ['AiErrors', 'pager'],
  ['AiErrorsElevated', 'tickets'],
  ['AiModelUnpriced', 'log'],
  ['HttpErrors', 'pager'],
  ['NotificationsFailing', 'pager'],
  ['Watchdog', 'dead-mans-switch'],
  ['PageUnattended', 'escalation'],
  ['SloIssueSuccessBurnsFast', 'pager'],
  ['SloIssueSuccessBurnsSlowly', 'tickets'],
  ['IssuesWaitLong', 'tickets'],
] as const) {
  testWith(['amtool'], `${alert} is routed to ${receiver}`, async (t, { amtool }) => {
    const labels = rules.find((rule) => rule.alert === alert)?.labels ?? {};
    const { code, output } = await runProgram(amtool, [
      'config',
      'routes',
      'test',
      `--config.file=${folder}/alertmanager/alertmanager.yml`,
      `--verify.receivers=${receiver}`,
      `alertname=${alert}`,
      ...Object.entries(labels).map(([name, value]) => `${name}=${value}`),
    ]);
    t.is(code, 0, output);
    t.true(Object.hasOwn(labels, 'severity'), 'the rule is there');
  });
}

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
