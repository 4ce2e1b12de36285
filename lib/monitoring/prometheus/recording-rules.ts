/**
 * Recording rules: rates, shares and percentiles that alerts and dashboards read. Sums are recorded before they are divided, since an
 * average of shares has no meaning.
 * @see https://prometheus.io/docs/practices/rules/
 */
import { apiRequestDuration, apiRequests } from '../../catalogue/api.js';
import { httpServerRequestDuration } from '../../catalogue/http.js';
import { webhooksProcessed, webhooksReceived } from '../../catalogue/platform.js';
import * as provider from '../../catalogue/provider.js';
import * as workflow from '../../catalogue/workflow.js';
import type { HistogramDefinition } from '../../definition.js';
import type { RuleGroup } from '../model.js';
import { jobScope, type Promql, promql } from '../promql/builder.js';
import { filled, type Matches, ratio } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import { up } from '../third-party-metrics.js';

/** Processes of the service that Prometheus knows, reachable or not. */
export const serviceUp = 'job:up:count';

/** Routes of this package's routers, mounted at the root and with the default METRICS_PATH. */
const probesAndScrapes = ['metrics', 'health', 'ready', 'livez', 'livez/:check', 'readyz', 'readyz/:check'];

/** Matches the requests of users: the failures of probes and scrapes are reported by alerts of their own. */
export const workRequests = {
  route: { noneOf: probesAndScrapes.map((route) => `/${route}`) },
} as const satisfies Matches;

/** Status codes of the service's own failures. */
export const serverError = { raw: '=~"5.."' };
/** Status codes of a failed API request: errors, and the name of a network error. */
export const failedStatus = { raw: '!~"[1-4].."' };

const [hour, day] = [3_600, 86_400];

/** Name, as `level:metric:operations` -> expression. */
type Rows = Readonly<Record<string, (q: Promql) => string>>;

const rowsOfTargets: Rows = { [serviceUp]: (q) => `count by (job) (${q.selector(up)})` };

const rowsOfWorkflows: Rows = {
  'job_outcome:issues_processed:rate5m': (q) => q.rate(workflow.issuesProcessed, ['outcome']),
  // Since the start of the processes, as the gauges `issues_success_rate` and `issues_average_completion_duration_seconds`.
  'job:issues_success:ratio': (q) =>
    ratio(
      q.sum(workflow.issuesProcessed, [], { matches: { outcome: 'success' } }),
      q.sum(workflow.issuesProcessed),
    ),
  'job:issue_completion_duration_seconds:mean': (q) =>
    `${q.sum(workflow.issueCompletionDuration, [], { part: '_sum' })} / (${q.sum(workflow.issueCompletionDuration)} > 0)`,
  'job:issues_success:ratio_rate1h': (q) =>
    q.share(workflow.issuesProcessed, { outcome: 'success' }, [], { window: hour }),
  'job_workflow:workflows_completed:rate5m': (q) => q.rate(workflow.workflowsCompleted, ['workflow_type']),
  'job_workflow:escalations:increase1h': (q) =>
    q.events(workflow.escalations, ['workflow_type'], { window: hour }),
  'job_workflow:workflows_failed:ratio_rate5m': (q) =>
    q.share(workflow.workflowsCompleted, { outcome: 'failure' }, ['workflow_type']),
  ...percentiles('job_workflow', workflow.workflowCompletionDuration, ['workflow_type']),
  ...percentiles('job_step', workflow.workflowStepDuration, ['workflow_type', 'step_name']),
  'job_step:workflow_step_errors:rate5m': (q) =>
    q.rate(workflow.workflowStepErrors, ['workflow_type', 'step_name']),
};

const rowsOfProviders: Rows = {
  'job_provider:ai_requests:rate5m': (q) => q.rate(provider.aiRequests, ['provider']),
  'job_provider:ai_requests_failed:ratio_rate5m': (q) => {
    // Either series may be missing: a provider may have only failed, or never.
    const [failed, succeeded] = [
      q.rate(provider.aiRequestsFailed, ['provider']),
      q.rate(provider.aiRequestsSuccessful, ['provider']),
    ];
    return `(${filled(failed, succeeded)}) / (((${filled(failed, succeeded)}) + (${filled(succeeded, failed)})) > 0)`;
  },
  ...percentiles('job_provider', provider.aiRequestDuration, ['provider']),
  ...percentiles('job_provider', provider.aiTimeToFirstToken, ['provider']),
  'job_provider_type:ai_tokens:rate5m': (q) => q.rate(provider.aiTokens, ['provider', 'token_type']),
  'job_provider:ai_tokens_cached:ratio_rate1h': (q) =>
    q.share(provider.aiTokens, { token_type: 'cache_read' }, ['provider'], {
      matches: { token_type: { oneOf: ['input', 'cache_read', 'cache_creation'] } },
      window: hour,
    }),
  'job_provider:ai_cost_usd:rate1h': (q) => q.rate(provider.aiCost, ['provider'], { window: hour }),
  'job:ai_cost_usd:increase1d': (q) => q.increase(provider.aiCost, [], { window: day }),
  'job:ai_cost_usd:increase7d': (q) => q.increase(provider.aiCost, [], { window: 7 * day }),
};

const rowsOfApis: Rows = {
  'job_service:api_requests:rate5m': (q) => q.rate(apiRequests, ['service', 'platform']),
  'job_service:api_requests_failed:ratio_rate5m': (q) =>
    q.share(apiRequests, { status_code: failedStatus }, ['service', 'platform']),
  ...percentiles('job_service', apiRequestDuration, ['service', 'platform']),
};

const rowsOfWebhooks: Rows = {
  'job_platform:webhooks_received:rate5m': (q) => q.rate(webhooksReceived, ['platform']),
  'job_platform:webhooks_failed:ratio_rate5m': (q) =>
    q.share(webhooksProcessed, { outcome: 'failure' }, ['platform']),
};

const rowsOfHttp: Rows = {
  'job_route:http_server_requests:rate5m': (q) => q.rate(httpServerRequestDuration, ['route', 'method']),
  'job_route:http_server_requests_failed:ratio_rate5m': (q) =>
    q.share(httpServerRequestDuration, { status_code: serverError }, ['route']),
  // Without probes and scrapes: a failed readiness probe affects no user.
  'job:http_server_requests_failed:ratio_rate5m': (q) =>
    q.share(httpServerRequestDuration, { status_code: serverError }, [], { matches: workRequests }),
  ...percentiles('job', httpServerRequestDuration, []),
  ...percentiles('job_route', httpServerRequestDuration, ['route']),
};

/** The groups of recording rules of the bundle's parts, and the user's own. */
export function recordingGroups(settings: BundleSettings): RuleGroup[] {
  const { parts, prefix, recordingRules } = settings;
  const q = promql(jobScope(settings));
  const group = (subject: string, rows: Rows): RuleGroup => ({
    name: `${prefix}-${subject}-records`,
    file: 'recording',
    rules: Object.entries(rows).map(([record, expression]) => ({ record, expression: expression(q) })),
  });
  const groups: readonly (readonly [isIncluded: boolean, subject: string, rows: Rows])[] = [
    [true, 'targets', rowsOfTargets],
    [parts.has('workflow'), 'workflow', rowsOfWorkflows],
    [parts.has('provider'), 'provider', rowsOfProviders],
    [parts.has('platform'), 'platform', { ...rowsOfApis, ...rowsOfWebhooks }],
    [parts.has('http') && !parts.has('platform'), 'api', rowsOfApis],
    [parts.has('http'), 'http', rowsOfHttp],
  ];
  const ofUser = { name: `${prefix}-own-records`, file: 'recording', rules: recordingRules };
  return [
    ...groups.flatMap(([isIncluded, subject, rows]) => (isIncluded ? [group(subject, rows)] : [])),
    ...(recordingRules.length === 0 ? [] : [ofUser]),
  ];
}

/** Percentiles of a duration over five minutes. */
function percentiles(level: string, definition: HistogramDefinition, by: readonly string[]): Rows {
  const rows = [50, 95, 99].map((percent) => [
    `${level}:${definition.name}:p${percent}_rate5m`,
    (q: Promql) => q.quantile(percent / 100, definition, by),
  ]);
  return Object.fromEntries(rows);
}
