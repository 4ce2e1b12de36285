/** The table of expositions that OpenMetrics forbids, checked with Python's strict parser. */
import { execFileSync } from 'node:child_process';
import { judgedOpenMetrics } from '../../helpers/judged-open-metrics.js';
import { fromRoot } from '../../helpers/package-root.js';
import { testWith } from '../../helpers/programs.js';

testWith(
  ['python3-prometheus-client'],
  "Python's strict parser refuses exactly the expositions that the lint reports as forbidden",
  (t, { 'python3-prometheus-client': program }) => {
    const printed = execFileSync(program, [fromRoot('test/helpers/strict-verdicts.py')], {
      env: { ...process.env, PYTHONPATH: '/usr/lib/python3/dist-packages' },
      input: JSON.stringify(judgedOpenMetrics.map(({ text }) => text)),
      encoding: 'utf8',
    });
    const verdicts = JSON.parse(printed) as readonly (string | null)[];
    for (const [index, { what, problem }] of judgedOpenMetrics.entries())
      t.is(verdicts[index] === null, problem === undefined, `${what}: ${verdicts[index]}`);
  },
);
