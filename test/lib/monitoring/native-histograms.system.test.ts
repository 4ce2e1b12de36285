/** promtool reads a bundle over native histograms, and its tests of rules pass. */
import { generateBundle } from '../../../lib/monitoring/bundle.js';
import { testWith } from '../../helpers/programs.js';
import { runProgram } from '../../helpers/run-program.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { writeFiles } from '../../helpers/write-files.js';

testWith(
  ['promtool'],
  'promtool accepts the configuration of a bundle over native histograms, and latency SLOs alert',
  async (t, { promtool }) => {
    const folder = await temporaryFolder(t);
    const { files } = await generateBundle({ target: '3', nativeHistograms: 'feature', include: ['http'] });
    await writeFiles(folder, files);
    const checked = await runProgram(promtool, ['check', 'config', 'prometheus/prometheus.yml'], {
      cwd: folder,
    });
    t.is(checked.code, 0, checked.output);
    const tested = await runProgram(promtool, ['test', 'rules', '--run=^SloHttpLatency', 'slo.test.yml'], {
      cwd: `${folder}/prometheus/tests`,
    });
    t.is(tested.code, 0, tested.output);
    t.regex(tested.output, /SUCCESS/);
  },
  'newer',
);

testWith(
  ['promtool'],
  'Prometheus before 3.8 refuses the setting of a bundle for 3.8, and nothing else of its configuration',
  async (t, { promtool }) => {
    for (const [nativeHistograms, refusals] of [
      ['feature', []],
      ['setting', ['field scrape_native_histograms not found']],
    ] as const) {
      const folder = await temporaryFolder(t);
      const { files } = await generateBundle({ target: '3', nativeHistograms, include: ['http'] });
      await writeFiles(folder, files);
      const { code, output } = await runProgram(promtool, ['check', 'config', 'prometheus/prometheus.yml'], {
        cwd: folder,
      });
      t.deepEqual(output.match(/field \w+ not found/g) ?? [], [...refusals], output);
      t.is(code === 0, refusals.length === 0, output);
    }
  },
  'newer',
);
