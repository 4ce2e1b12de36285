/**
 * Recording rules, named `level:metric:operations` (Prometheus, "Recording rules"): rates, shares and percentiles that alerts and
 * boards read. Parts and wholes are summed apart and divided after: an average of shares would be none.
 */
import { apiRequestDuration, apiRequests } from '../../catalogue/api.js';
import { httpServerRequestDuration } from '../../catalogue/http.js';
import { webhooksProcessed, webhooksReceived } from '../../catalogue/platform.js';
import {
  aiCost,
  aiRequestDuration,
  aiRequests,
  aiRequestsFailed,
  aiRequestsSuccessful,
  aiTimeToFirstToken,
  aiTokens,
} from '../../catalogue/provider.js';
import {
  escalations,
  issueCompletionDuration,
  issuesProcessed,
  workflowCompletionDuration,
  workflowStepDuration,
  workflowStepErrors,
  workflowsCompleted,
} from '../../catalogue/workflow.js';
import type { HistogramDefinition } from '../../definition.js';
import { inJob } from '../alerts/in-job.js';
import type { RecordingRule, RuleGroup } from '../model.js';
import { workRequests } from '../probe-routes.js';
import { checkLabel, quantile, rate, ratio, selector, sumBy } from '../promql/expression.js';
import { type BundleSettings, windowOf } from '../settings.js';
import { up } from '../third-party-metrics.js';

/** Percentiles that are recorded of every duration. */
const percentiles = [
  ['p50', 0.5],
  ['p95', 0.95],
  ['p99', 0.99],
] as const;

/** Processes of the service that Prometheus knows, whether they answer or not: how far back the records go. */
export const serviceUp = 'job:up:count';

export function recordingGroups(settings: BundleSettings): RuleGroup[] {
  const group = (subject: string, rules: readonly RecordingRule[]): RuleGroup => ({
    name: `${settings.prefix}-${subject}-records`,
    file: 'recording',
    rules,
  });
  const { parts } = settings;
  const groups = [
    group('targets', [{ record: serviceUp, expression: `count by (job) (${forJob(settings).of(up)})` }]),
    ...(parts.has('workflow') ? [group('workflow', workflowRules(settings))] : []),
    ...(parts.has('provider') ? [group('provider', providerRules(settings))] : []),
    ...(parts.has('platform')
      ? [group('platform', [...apiRules(settings), ...webhookRules(settings)])]
      : parts.has('http')
        ? [group('api', apiRules(settings))]
        : []),
    ...(parts.has('http') ? [group('http', httpRules(settings))] : []),
  ];
  return settings.recordingRules.length === 0 ? groups : [...groups, group('own', settings.recordingRules)];
}

function workflowRules(settings: BundleSettings): RecordingRule[] {
  const { of, window } = forJob(settings);
  const completed = (matches = {}) =>
    sumBy(['job', 'workflow_type'], rate(of(workflowsCompleted, matches), window));
  const issues = (matches = {}, seconds = 3_600) =>
    sumBy(['job'], rate(of(issuesProcessed, matches), windowOf(settings, seconds)));
  const total = (matches = {}) => sumBy(['job'], of(issuesProcessed, matches));
  const part = (suffix: '_sum' | '_count') => sumBy(['job'], of(issueCompletionDuration, {}, suffix));
  return [
    {
      record: 'job_outcome:issues_processed:rate5m',
      expression: sumBy(['job', 'outcome'], rate(of(issuesProcessed), window)),
    },
    // Of all that ended since the start, as `issues_success_rate` and `issues_average_completion_duration_seconds` have it.
    { record: 'job:issues_success:ratio', expression: ratio(total({ outcome: 'success' }), total()) },
    {
      record: 'job:issue_completion_duration_seconds:mean',
      expression: `${part('_sum')} / (${part('_count')} > 0)`,
    },
    {
      record: 'job:issues_success:ratio_rate1h',
      expression: ratio(issues({ outcome: 'success' }), issues()),
    },
    { record: 'job_workflow:workflows_completed:rate5m', expression: completed() },
    {
      record: 'job_workflow:escalations:increase1h',
      expression: inJob(settings).events(escalations, ['workflow_type'], 3_600),
    },
    {
      record: 'job_workflow:workflows_failed:ratio_rate5m',
      expression: ratio(completed({ outcome: 'failure' }), completed()),
    },
    ...durationRules(settings, 'job_workflow', workflowCompletionDuration, ['workflow_type']),
    ...durationRules(settings, 'job_step', workflowStepDuration, ['workflow_type', 'step_name']),
    {
      record: 'job_step:workflow_step_errors:rate5m',
      expression: sumBy(['job', 'workflow_type', 'step_name'], rate(of(workflowStepErrors), window)),
    },
  ];
}

function providerRules(settings: BundleSettings): RecordingRule[] {
  const { of, window } = forJob(settings);
  const by = ['job', 'provider'];
  const failed = sumBy(by, rate(of(aiRequestsFailed), window));
  const succeeded = sumBy(by, rate(of(aiRequestsSuccessful), window));
  const tokens = (matches = {}, seconds = 3_600) =>
    sumBy(by, rate(of(aiTokens, matches), windowOf(settings, seconds)));
  return [
    { record: 'job_provider:ai_requests:rate5m', expression: sumBy(by, rate(of(aiRequests), window)) },
    {
      record: 'job_provider:ai_requests_failed:ratio_rate5m',
      // A provider that only ever failed has no series of successes, and one that never failed none of failures.
      expression: `(${failed} or 0 * ${succeeded}) / (((${failed} or 0 * ${succeeded}) + (${succeeded} or 0 * ${failed})) > 0)`,
    },
    ...durationRules(settings, 'job_provider', aiRequestDuration, ['provider']),
    ...durationRules(settings, 'job_provider', aiTimeToFirstToken, ['provider']),
    {
      record: 'job_provider_type:ai_tokens:rate5m',
      expression: sumBy([...by, 'token_type'], rate(of(aiTokens), window)),
    },
    {
      record: 'job_provider:ai_tokens_cached:ratio_rate1h',
      expression: ratio(
        tokens({ token_type: 'cache_read' }),
        tokens({ token_type: { oneOf: ['input', 'cache_read', 'cache_creation'] } }),
      ),
    },
    {
      record: 'job_provider:ai_cost_usd:rate1h',
      expression: sumBy(by, rate(of(aiCost), windowOf(settings, 3_600))),
    },
    ...([1, 7] as const).map((days) => ({
      record: `job:ai_cost_usd:increase${days}d`,
      expression: sumBy(['job'], `increase(${of(aiCost)}[${windowOf(settings, days * 86_400)}])`),
    })),
  ];
}

function apiRules(settings: BundleSettings): RecordingRule[] {
  const { of, window } = forJob(settings);
  const by = ['job', 'service', 'platform'];
  const requests = (matches = {}) => sumBy(by, rate(of(apiRequests, matches), window));
  return [
    { record: 'job_service:api_requests:rate5m', expression: requests() },
    {
      record: 'job_service:api_requests_failed:ratio_rate5m',
      expression: ratio(requests({ status_code: failedStatus }), requests()),
    },
    ...durationRules(settings, 'job_service', apiRequestDuration, ['service', 'platform']),
  ];
}

function webhookRules(settings: BundleSettings): RecordingRule[] {
  const { of, window } = forJob(settings);
  const webhooks = (matches = {}) => sumBy(['job', 'platform'], rate(of(webhooksProcessed, matches), window));
  return [
    {
      record: 'job_platform:webhooks_received:rate5m',
      expression: sumBy(['job', 'platform'], rate(of(webhooksReceived), window)),
    },
    {
      record: 'job_platform:webhooks_failed:ratio_rate5m',
      expression: ratio(webhooks({ outcome: 'failure' }), webhooks()),
    },
  ];
}

function httpRules(settings: BundleSettings): RecordingRule[] {
  const { of, window } = forJob(settings);
  const requests = (by: readonly string[], matches = {}) =>
    sumBy(by, rate(of(httpServerRequestDuration, matches, '_count'), window));
  return [
    { record: 'job_route:http_server_requests:rate5m', expression: requests(['job', 'route', 'method']) },
    {
      record: 'job_route:http_server_requests_failed:ratio_rate5m',
      expression: ratio(requests(['job', 'route'], { status_code: serverError }), requests(['job', 'route'])),
    },
    {
      record: 'job:http_server_requests_failed:ratio_rate5m',
      // Of the service's work: a readiness probe that fails turns no user away.
      expression: ratio(
        requests(['job'], { ...workRequests, status_code: serverError }),
        requests(['job'], workRequests),
      ),
    },
    ...durationRules(settings, 'job', httpServerRequestDuration, []),
    ...durationRules(settings, 'job_route', httpServerRequestDuration, ['route']),
  ];
}

/** Statuses of ours that are our fault. */
export const serverError = { raw: '=~"5.."' };
/** Statuses of an API that are no answer, or one that says it failed; a network error has a name and no number. */
export const failedStatus = { raw: '!~"[1-4].."' };

/** Percentiles over five minutes, by labels that the histogram has. */
function durationRules(
  settings: BundleSettings,
  level: string,
  definition: HistogramDefinition,
  labels: readonly string[],
): RecordingRule[] {
  for (const label of labels) checkLabel(definition, label);
  return percentiles.map(([name, share]) => ({
    record: `${level}:${definition.name}:${name}_rate5m`,
    expression: quantile(share, definition, ['job', ...labels], windowOf(settings, 300), {
      job: settings.job,
    }),
  }));
}

/** Selectors of the service alone, and the usual window. */
function forJob(settings: BundleSettings) {
  const of: typeof selector = (definition, matches = {}, part) =>
    selector(definition, { job: settings.job, ...matches }, part);
  return { of, window: windowOf(settings, 300) };
}
