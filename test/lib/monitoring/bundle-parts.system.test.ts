/** The bundle of a shop, which has only some of the parts, checked with the installed promtool and amtool. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { bundle } from '../../../examples/shop/bundle.config.js';
import { bundleFolder } from '../../helpers/example-bundle-folder.js';
import { testWith } from '../../helpers/programs.js';
import { runProgram } from '../../helpers/run-program.js';

const { folder, pathsIn } = await bundleFolder(bundle);
test.after.always(() => rm(folder, { recursive: true, force: true }));

testWith(
  ['promtool'],
  'promtool accepts the configuration and every rule of the shop',
  async (t, { promtool }) => {
    const config = await runProgram(promtool, ['check', 'config', 'prometheus/prometheus.yml'], {
      cwd: folder,
    });
    t.is(config.code, 0, config.output);
    const rules = pathsIn('prometheus/rules/');
    const checked = await runProgram(promtool, ['check', 'rules', '--lint=all', '--lint-fatal', ...rules], {
      cwd: folder,
    });
    t.is(checked.code, 0, checked.output);
    t.is(checked.output.match(/SUCCESS/g)?.length, rules.length, checked.output);
  },
);

for (const path of pathsIn('prometheus/tests/')) {
  testWith(['promtool'], `the shop's ${path} passes`, async (t, { promtool }) => {
    const { code, output } = await runProgram(promtool, ['test', 'rules', path], { cwd: folder });
    t.is(code, 0, output);
    t.regex(output, /SUCCESS/);
  });
}

testWith(
  ['amtool'],
  'amtool accepts the shop’s Alertmanager, and routes its alerts',
  async (t, { amtool }) => {
    const { code, output } = await runProgram(amtool, ['check-config', 'alertmanager.yml'], {
      cwd: join(folder, 'alertmanager'),
    });
    t.is(code, 0, output);
    t.regex(output, /5 receivers[\s\S]*1 templates\s+SUCCESS/);
    for (const [alert, severity, receiver] of [
      ['SloOrdersPlacedBurnsFast', 'page', 'pager'],
      ['HttpErrorsElevated', 'ticket', 'tickets'],
      ['Watchdog', 'none', 'dead-mans-switch'],
    ] as const) {
      const routed = await runProgram(amtool, [
        'config',
        'routes',
        'test',
        `--config.file=${folder}/alertmanager/alertmanager.yml`,
        `--verify.receivers=${receiver}`,
        `alertname=${alert}`,
        `severity=${severity}`,
      ]);
      t.is(routed.code, 0, `${alert}: ${routed.output}`);
    }
  },
);
