import test from 'ava';
import { catalogue } from '../../../lib/catalogue/catalogue.js';
import { lintDefinition, type MetricDefinition } from '../../../lib/definition.js';
import type { Label } from '../../../lib/label.js';
import { conventionFindings } from '../../../lib/naming.js';
import { MetricsRegistry } from '../../../lib/registry.js';

const outcome = 'outcome(success, failure, escalation)';
const severity = 'severity(low, medium, high, critical)';

/** The platform's list, written out by hand: name, type, labels in order. */
const rows: readonly [name: string, type: MetricDefinition['type'], labels: string][] = [
  ['issues_processed_total', 'counter', `provider, platform, issue_type, ${outcome}`],
  ['issues_created_total', 'counter', 'platform, repository'],
  ['prs_created_total', 'counter', 'platform, repository'],
  ['prs_merged_total', 'counter', 'platform, repository'],
  ['pr_lifetime_hours', 'histogram', 'platform, repository'],
  ['escalations_total', 'counter', `reason, ${severity}, workflow_type`],
  ['active_autonomous_loops', 'gauge', 'workflow_type'],
  ['pending_approvals', 'gauge', 'type'],
  ['queue_depth', 'gauge', 'queue_name'],
  ['issue_completion_duration_seconds', 'histogram', `provider, platform, issue_type, ${outcome}`],
  ['workflows_started_total', 'counter', 'workflow_type, provider, platform'],
  ['workflows_completed_total', 'counter', `workflow_type, provider, platform, ${outcome}`],
  ['workflow_completion_duration_seconds', 'histogram', 'workflow_type, provider, platform'],
  ['workflow_step_duration_seconds', 'histogram', 'step_name, workflow_type'],
  ['workflow_step_errors_total', 'counter', 'step_name, workflow_type, error_type'],
  ['ai_requests_total', 'counter', 'provider, model, operation'],
  ['ai_requests_successful_total', 'counter', 'provider, model'],
  ['ai_requests_failed_total', 'counter', 'provider, model, error_type'],
  ['ai_requests_in_progress', 'gauge', 'provider'],
  ['ai_request_duration_seconds', 'histogram', 'provider, model'],
  ['ai_time_to_first_token_seconds', 'histogram', 'provider, model'],
  [
    'ai_tokens_total',
    'counter',
    'provider, model, token_type(input, output, cache_read, cache_creation, reasoning)',
  ],
  ['ai_cost_usd_total', 'counter', 'provider, model'],
  ['ai_unpriced_requests_total', 'counter', 'provider, model'],
  ['ai_retries_total', 'counter', 'provider, model, reason'],
  ['ai_rate_limits_total', 'counter', 'provider'],
  ['ai_rate_limit_reset_seconds', 'gauge', 'provider, resource'],
  ['ai_rate_limit_remaining', 'gauge', 'provider, model, resource'],
  ['ai_rate_limit_limit', 'gauge', 'provider, model, resource'],
  ['platform_rate_limits_total', 'counter', 'platform'],
  ['platform_rate_limit_reset_seconds', 'gauge', 'platform, resource'],
  ['platform_rate_limit_remaining', 'gauge', 'platform, resource'],
  ['platform_rate_limit_limit', 'gauge', 'platform, resource'],
  ['api_requests_total', 'counter', 'service, platform, method, status_code'],
  ['api_request_duration_seconds', 'histogram', 'service, platform, method'],
  ['webhooks_received_total', 'counter', 'platform, event_type'],
  ['webhooks_processed_total', 'counter', 'platform, event_type, outcome(success, failure)'],
  ['test_execution_duration_seconds', 'histogram', 'test_type, framework'],
  ['errors_total', 'counter', `error_type, ${severity}, component`],
  ['issues_success_rate', 'gauge', ''],
  ['issues_average_completion_duration_seconds', 'gauge', ''],
  ['http_server_request_duration_seconds', 'histogram', 'method, route, status_code'],
  ['http_server_requests_in_flight', 'gauge', 'method'],
  ['http_server_time_to_first_byte_seconds', 'histogram', 'method, route'],
  ['http_server_aborted_bodies_total', 'counter', ''],
  ['http_server_failed_bodies_total', 'counter', ''],
  ['http_server_request_size_bytes', 'histogram', 'method, route'],
  ['http_server_response_size_bytes', 'histogram', 'method, route'],
  ['health_check_status', 'gauge', 'check'],
  ['health_check_duration_seconds', 'histogram', 'check'],
  ['method_calls_total', 'counter', `class, method, ${outcome}`],
  ['method_duration_seconds', 'histogram', `class, method, ${outcome}`],
  ['method_calls_in_progress', 'gauge', 'class, method'],
  ['metrics_series', 'gauge', 'metric'],
  ['metrics_series_folded_total', 'counter', 'metric, label'],
  ['metrics_recording_errors_total', 'counter', 'metric, reason'],
  ['metrics_scrape_duration_seconds', 'histogram', 'format'],
  ['metrics_scrape_size_bytes', 'gauge', 'format'],
  ['metrics_scrapes_in_progress', 'gauge', ''],
  ['metrics_collector_errors_total', 'counter', 'metric'],
  ['metrics_snapshot_age_seconds', 'gauge', ''],
  ['metrics_snapshot_size_bytes', 'gauge', ''],
  ['metrics_push_failures_total', 'counter', 'target'],
  ['metrics_push_success_timestamp_seconds', 'gauge', 'target'],
  ['metrics_cluster_workers', 'gauge', 'state(answering, silent)'],
  ['build_info', 'gauge', 'service, version, revision, node_version'],
];

const byName = new Map<string, MetricDefinition>(
  Object.values(catalogue).map((definition) => [definition.name, definition]),
);

for (const [name, type, labels] of rows) {
  test(`${name} is a ${type} with the labels ${labels || '(none)'}`, (t) => {
    const definition = byName.get(name);
    t.is(definition?.type, type);
    const listed = Object.entries<Label>(definition?.labels ?? {}).map(([label, { values }]) =>
      values === undefined ? label : `${label}(${values.join(', ')})`,
    );
    t.is(listed.join(', '), labels);
  });
}

test('the catalogue has these metrics and no others', (t) => {
  t.deepEqual([...byName.keys()].sort(), rows.map(([name]) => name).sort());
  t.is(Object.keys(catalogue).length, rows.length);
});

test('the buckets are those of the platform', (t) => {
  const buckets = (name: string): readonly number[] => {
    const definition = byName.get(name);
    return definition?.type === 'histogram' ? definition.buckets : [];
  };
  const work = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600];
  for (const name of [
    'issue_completion_duration_seconds',
    'workflow_step_duration_seconds',
    'method_duration_seconds',
    'test_execution_duration_seconds',
  ]) {
    t.deepEqual(buckets(name), work, name);
  }
  t.deepEqual(
    buckets('http_server_response_size_bytes'),
    [1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216],
  );
  t.deepEqual(
    buckets('http_server_request_duration_seconds'),
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
  );
  t.deepEqual(
    buckets('ai_request_duration_seconds'),
    [
      0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68,
      655.36,
    ],
  );
  t.deepEqual(buckets('pr_lifetime_hours'), [0.25, 0.5, 1, 2, 4, 8, 24, 48, 72, 168, 336, 720]);
});

test('the lint reports only the declared exemption', (t) => {
  t.deepEqual(Object.values(catalogue).flatMap(lintDefinition), []);
  const exempted = Object.values(catalogue).flatMap(conventionFindings);
  t.deepEqual(
    exempted.map(({ metric, rule }) => [metric, rule]),
    [['pr_lifetime_hours', 'base-unit']],
  );
});

test('one registry can hold the whole catalogue', (t) => {
  const registry = new MetricsRegistry();
  for (const definition of Object.values(catalogue)) registry.instrument(definition);
  t.is(registry.instruments().length, rows.length);
});
