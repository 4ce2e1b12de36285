import test from 'ava';
import { conventionFindings, type LintRule, lintRules, type Nameable } from '../../lib/naming.js';

function rulesBroken(definition: Partial<Nameable>): LintRule[] {
  return conventionFindings({ name: 'jobs', help: 'Jobs.', type: 'gauge', labels: {}, ...definition }).map(
    ({ rule }) => rule,
  );
}

const cases: readonly [definition: Partial<Nameable>, broken: LintRule[]][] = [
  [{ name: 'jobs_done_total', type: 'counter' }, []],
  [{ name: 'job_duration_seconds', type: 'histogram' }, []],
  [{ name: 'jobs_done', type: 'counter' }, ['counter-total']],
  [{ name: 'jobs_total', type: 'gauge' }, ['total-counter']],
  [{ name: 'life_hours' }, ['base-unit']],
  [{ name: 'wait_ms' }, ['base-unit']],
  [{ name: 'wait_milliseconds_total', type: 'counter' }, ['base-unit']],
  [{ name: 'heap_megabytes' }, ['base-unit']],
  [{ name: 'used_percent' }, ['base-unit']],
  [{ name: 'head_min_time_seconds' }, []],
  [{ name: 'latency_min' }, []],
  [{ name: 'wait_s' }, ['base-unit']],
  [{ name: 's_waiting' }, []],
  [{ name: 'length_inches' }, ['base-unit']],
  [{ name: 'build_info', labels: { user_id: {} } }, []],
  [{ name: 'jobs_count' }, ['reserved-suffix']],
  [{ name: 'jobs_sum' }, ['reserved-suffix']],
  [{ name: 'job_gauge' }, ['type-in-name']],
  [{ name: 'jobsDone' }, ['snake-case']],
  [{ name: 'job:rate5m' }, ['colon']],
  [{ help: 'jobs.' }, ['help']],
  [{ help: 'Jobs' }, ['help']],
  [{ help: 'Jobs\nand more.' }, ['help']],
  [{ labels: { queueName: {} } }, ['snake-case']],
  [{ labels: { user_id: {} } }, ['identifier-label']],
  [{ labels: { workflowId: {} } }, ['snake-case', 'identifier-label']],
  [{ labels: { email: {} } }, ['identifier-label']],
  [{ labels: { request_uuid: {} } }, ['identifier-label']],
  [{ labels: { provider: {}, token_type: {}, check: {}, route: {}, model: {} } }, []],
  [{ name: 'valid_constructor' }, []],
];
for (const [definition, broken] of cases) {
  test(`${JSON.stringify(definition)} breaks ${broken.length === 0 ? 'no rule' : broken.join(' and ')}`, (t) => {
    t.deepEqual(rulesBroken(definition), broken);
  });
}

test('every rule has a test case above', (t) => {
  t.deepEqual(
    [...new Set(cases.flatMap(([, broken]) => broken))].sort(),
    Object.keys(lintRules).sort() as LintRule[],
  );
});

test('a finding names the problem and the fix', (t) => {
  const [finding] = conventionFindings({ name: 'life_hours', help: 'Life.', type: 'gauge', labels: {} });
  t.is(finding?.metric, 'life_hours');
  t.is(
    finding?.message,
    "Metric `life_hours`: `hours` is not a base unit, expected `seconds`. Rename it, or allow it with `lint: { allow: ['base-unit'], why: '...' }`.",
  );
});
