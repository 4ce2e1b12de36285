/** Lint findings for what strict OpenMetrics parsers refuse and Prometheus accepts. */
import test from 'ava';
import { readExposition } from '../../../lib/cli/exposition-reader.js';
import { endpointFindings } from '../../../lib/cli/lint.js';
import { judgedOpenMetrics } from '../../helpers/judged-open-metrics.js';

for (const { what, text, problem } of judgedOpenMetrics) {
  test(`OpenMetrics ${problem === undefined ? 'allows' : 'forbids'} ${what}`, async (t) => {
    const { forbidden, refusals } = await readExposition([text]);
    t.deepEqual(
      forbidden.map((each) => each.problem),
      problem === undefined ? [] : [problem],
    );
    t.deepEqual(refusals, []);
  });
}

test("Prometheus' text format is not checked against the rules of OpenMetrics", async (t) => {
  const { forbidden } = await readExposition(['# TYPE jobs_total counter\njobs_total -1\n']);
  t.deepEqual(forbidden, []);
});

test('a finding names its metric, and can be ignored', async (t) => {
  const exposition = await readExposition(['# HELP jobs Done.\n# TYPE jobs counter\njobs_total -1\n# EOF\n']);
  t.deepEqual(endpointFindings(exposition, { maxSeries: 1_000 }), [
    {
      metric: 'jobs',
      rule: 'open-metrics',
      message:
        'Metric `jobs`: it has a value that is negative or NaN, which OpenMetrics forbids. Strict parsers reject the whole scrape.',
    },
  ]);
  t.deepEqual(endpointFindings(exposition, { maxSeries: 1_000, ignore: ['open-metrics:jobs'] }), []);
});
