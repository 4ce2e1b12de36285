/** The option `exemplar` of the presets. */
import test from 'ava';
import {
  instrument,
  PlatformRequest,
  ProviderRequest,
  WorkflowRun,
  WorkflowStep,
} from '../../../decorators/index.js';
import { metricsRecordingErrors } from '../../../lib/catalogue/self.js';
import { defineCounter } from '../../../lib/define.js';
import { createTestRegistry, readValue, type TestRegistry } from '../../../lib/testing.js';
import { readExemplars } from '../../helpers/read-exemplars.js';

async function idsByMetric(t: Parameters<typeof readExemplars>[0], registry: TestRegistry) {
  const exemplars = await readExemplars(t, registry);
  return Object.fromEntries(exemplars.map(({ sample, labels }) => [sample.replace(/\{.*/, ''), labels]));
}

const reply = { type: 'message', model: 'm', usage: { input_tokens: 1, output_tokens: 2 } };

for (const [name, decorator, expected] of [
  [
    'WorkflowRun',
    (options: object) =>
      WorkflowRun({
        ...options,
        labels: { workflow_type: 'issue', provider: 'anthropic', platform: 'github' },
        issueType: () => 'bug',
      }),
    [
      'issue_completion_duration_seconds_bucket',
      'issues_processed_total',
      'workflow_completion_duration_seconds_bucket',
      'workflows_completed_total',
    ],
  ],
  [
    'WorkflowStep',
    (options: object) => WorkflowStep('plan', options),
    ['workflow_step_duration_seconds_bucket'],
  ],
  [
    'ProviderRequest',
    (options: object) => ProviderRequest({ ...options, labels: { provider: 'anthropic', model: 'm' } }),
    [
      'ai_request_duration_seconds_bucket',
      'ai_requests_successful_total',
      'ai_tokens_total',
      'ai_unpriced_requests_total',
    ],
  ],
  [
    'PlatformRequest',
    (options: object) => PlatformRequest({ ...options, effect: 'issue_created' }),
    ['api_request_duration_seconds_bucket', 'api_requests_total', 'issues_created_total'],
  ],
] as const) {
  test(`the counters and histograms of the end of a call get the labels of \`exemplar\` of @${name}`, async (t) => {
    const registry = createTestRegistry();
    const other = registry.counter(defineCounter({ name: 'other_total', help: 'Other.' }));
    const exemplar = ({ args: [id], outcome }: { args: readonly unknown[]; outcome: string }) => ({
      id,
      outcome,
    });
    const called = instrument(async function called(_id: string) {
      other.inc();
      return reply;
    }, decorator({ registry, exemplar }) as never);
    t.is(await called('r-1'), reply);
    other.inc();
    const ids = await idsByMetric(t, registry);
    t.deepEqual(Object.keys(ids).sort(), [...expected].sort());
    for (const labels of Object.values(ids)) t.deepEqual(labels, { id: 'r-1', outcome: 'success' });
  });

  test(`an \`exemplar\` of @${name} that throws is counted, and one that is no function is refused`, async (t) => {
    const registry = createTestRegistry();
    const exemplar = (): never => {
      throw new Error('no');
    };
    const called = instrument(function called() {
      return reply;
    }, decorator({ registry, exemplar }) as never);
    t.is(called(), reply);
    t.deepEqual(await readExemplars(t, registry), []);
    const [metric = ''] = expected.map((sample) => sample.replace(/_bucket$/, ''));
    t.is(readValue(registry, metricsRecordingErrors, { metric, reason: 'exemplar' }), 1);
    t.throws(() => decorator({ registry, exemplar: {} }), {
      code: 'ERR_METRICS_INVALID_OPTION',
      message: new RegExp(`^Invalid \`exemplar\` of @${name}: expected a function of the call`),
    });
  });
}

test('a preset within another one has its own exemplar', async (t) => {
  const registry = createTestRegistry();
  const step = instrument(
    function step() {},
    WorkflowStep('plan', { registry, exemplar: () => ({ id: 'step' }) }),
  );
  const run = instrument(
    function run() {
      step();
    },
    WorkflowRun({
      registry,
      labels: { workflow_type: 'issue', provider: 'anthropic', platform: 'github' },
      exemplar: () => ({ id: 'run' }),
    }),
  );
  run();
  t.deepEqual(await idsByMetric(t, registry), {
    workflow_step_duration_seconds_bucket: { id: 'step' },
    workflow_completion_duration_seconds_bucket: { id: 'run' },
    workflows_completed_total: { id: 'run' },
  });
});
