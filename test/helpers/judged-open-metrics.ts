/** Expositions that OpenMetrics forbids although Prometheus accepts them, and valid ones that look similar. */

export interface JudgedOpenMetrics {
  readonly what: string;
  readonly text: string;
  /** The finding of the lint; `undefined` if OpenMetrics allows the exposition. */
  readonly problem: string | undefined;
}

const histogram = '# TYPE wait histogram\n';
const gaugeHistogram = '# TYPE sizes gaugehistogram\n';
const summary = '# TYPE lag summary\n';
const apart = 'samples of one label set that are not consecutive';
const noCount = 'a count that is not a whole number';
const noSum = 'a value that is negative or NaN';
const noInfinity = 'a label set without the bucket `+Inf`';
const noBound = 'a bucket without a number as `le`';
const noQuantile = 'a `quantile` that is not between 0 and 1';

const rows: readonly (readonly [what: string, text: string, problem?: string])[] = [
  ['a TYPE line twice', '# TYPE jobs counter\n# TYPE jobs counter\n', 'two TYPE lines'],
  ['a HELP line twice', '# HELP jobs Done.\n# HELP jobs Done.\n', 'two HELP lines'],
  [
    'a HELP line behind the samples',
    '# TYPE lag gauge\nlag 1\n# HELP lag Late.\n',
    'a HELP line after its samples',
  ],
  [
    'metadata in another order',
    '# HELP lag_seconds Late.\n# UNIT lag_seconds seconds\n# TYPE lag_seconds gauge\n',
  ],
  ['a family in two places', 'lag{q="a"} 1\nother 1\nlag{q="b"} 1\n', 'lines that are not consecutive'],
  [
    'a gauge that is named like a sample of another metric',
    '# TYPE jobs counter\njobs_total 1\n# TYPE jobs_total gauge\njobs_total 1\n',
    'a name that is taken by `jobs` (`jobs_total`)',
  ],
  [
    'a family whose name begins as another',
    '# TYPE jobs counter\njobs_total 1\n# TYPE jobs_open gauge\njobs_open 1\n',
  ],
  ['an info with a unit', '# TYPE v_ratio info\n# UNIT v_ratio ratio\n', 'a unit, and the type `info`'],
  ['an info that is 2', '# TYPE build info\nbuild_info{v="2"} 2\n', 'an info that is not 1'],
  ['an info', '# TYPE build info\nbuild_info{v="2"} 1\n'],
  ['a state that is 3', '# TYPE door stateset\ndoor{door="open"} 3\n', 'a state that is neither 0 nor 1'],
  ['a state without name', '# TYPE door stateset\ndoor 1\n', 'a state without the label `door`'],
  ['states', '# TYPE door stateset\ndoor{door="open"} 1\ndoor{door="shut"} 0\n'],
  ['a negative counter', '# TYPE jobs counter\njobs_total -5\n', noSum],
  ['a counter that is NaN', '# TYPE jobs counter\njobs_total NaN\n', noSum],
  ['a gauge that is NaN', '# TYPE lag gauge\nlag NaN\n'],
  ['a fraction in a bucket', `${histogram}wait_bucket{le="+Inf"} 0.5\n`, noCount],
  ['a count that is NaN', `${summary}lag_count NaN\n`, noCount],
  ['a negative sum of a summary', `${summary}lag_sum -3\n`, noSum],
  ['a negative quantile', `${summary}lag{quantile="0.9"} -3\n`, 'a negative quantile'],
  ['a quantile above 1', `${summary}lag{quantile="9"} 3\n`, noQuantile],
  ['a quantile that is a word', `${summary}lag{quantile="p9"} 3\n`, noQuantile],
  ['a summary without quantile', `${summary}lag 3\n`, noQuantile],
  ['quantiles without number', `${summary}lag{quantile="0.9"} NaN\nlag_sum 3\nlag_count 2\n`],
  ['a bucket without bound', `${histogram}wait_bucket 3\nwait_bucket{le="+Inf"} 3\n`, noBound],
  ['a bound in capitals', `${histogram}wait_bucket{le="+INF"} 3\nwait_bucket{le="+Inf"} 3\n`, noBound],
  ['no bucket +Inf', `${histogram}wait_bucket{le="2.0"} 3\n`, noInfinity],
  ['a sum alone', `${histogram}wait_sum 3\n`, noInfinity],
  [
    'a sum without count',
    `${histogram}wait_bucket{le="+Inf"} 3\nwait_sum 3\n`,
    '`_sum` or `_count` without the other',
  ],
  [
    'a count of more than the buckets',
    `${histogram}wait_bucket{le="+Inf"} 3\nwait_sum 3\nwait_count 4\n`,
    'a `_count` that differs from the bucket `+Inf`',
  ],
  [
    'buckets that go down',
    `${histogram}wait_bucket{le="3"} 1\nwait_bucket{le="2"} 1\nwait_bucket{le="+Inf"} 1\n`,
    'buckets that do not ascend',
  ],
  [
    'a sum beside a negative bucket',
    `${histogram}wait_bucket{le="-2.0"} 1\nwait_bucket{le="+Inf"} 3\nwait_sum 3\nwait_count 3\n`,
    'a sum and negative buckets',
  ],
  ['negative buckets without sum', `${histogram}wait_bucket{le="-2.0"} 1\nwait_bucket{le="+Inf"} 3\n`],
  ['buckets alone', `${histogram}wait_bucket{le="2"} 1\nwait_bucket{le="+Inf"} 3\n`],
  [
    'a negative sum of a gauge histogram',
    `${gaugeHistogram}sizes_bucket{le="+Inf"} 3\nsizes_gsum -3\nsizes_gcount 3\n`,
    'a negative sum without negative buckets',
  ],
  [
    'a negative sum with negative buckets',
    `${gaugeHistogram}sizes_bucket{le="-2.0"} 1\nsizes_bucket{le="+Inf"} 3\nsizes_gsum -3\nsizes_gcount 3\n`,
  ],
  [
    'label sets that alternate',
    `${summary}lag_sum{q="a"} 1\nlag_sum{q="b"} 1\nlag_count{q="a"} 1\nlag_count{q="b"} 1\n`,
    apart,
  ],
  ['timestamps that go back', '# TYPE lag gauge\nlag 1 20\nlag 1 10\n', 'timestamps that go back'],
  [
    'timestamps here and there',
    '# TYPE lag gauge\nlag 1\nlag 1 10\n',
    'timestamps on only some samples of a label set',
  ],
  ['two timestamps', '# TYPE lag gauge\nlag 1 10\nlag 1 20\n'],
  [
    'an exemplar of 129 characters',
    `# TYPE jobs counter\njobs_total 1 # {t="${'ü'.repeat(128)}"} 1\n`,
    'an exemplar whose labels have more than 128 characters',
  ],
  ['an exemplar of 128 characters', `# TYPE jobs counter\njobs_total 1 # {t="\\"${'ü'.repeat(126)}"} 1\n`],
];

export const judgedOpenMetrics: readonly JudgedOpenMetrics[] = rows.map(([what, text, problem]) => ({
  what,
  text: `${text}# EOF\n`,
  problem,
}));
