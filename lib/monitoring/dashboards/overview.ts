/** The dashboard to start from: each subject in a few panels, and the user's own metrics. */
import { aiCost } from '../../catalogue/provider.js';
import * as workflow from '../../catalogue/workflow.js';
import { variable } from '../promql/builder.js';
import { selector } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import { alertStates } from '../third-party-metrics.js';
import { type Board, board } from './board.js';
import { type BoardQueries, lines, panels, type Row, row, stacked, stat, styled } from './panels.js';
import { upPanel, versionPanel } from './process-rows.js';
import { ownRow } from './user-metrics.js';

export function overviewBoard(settings: BundleSettings): Board {
  const { parts, thresholds, ownDefinitions } = settings;
  const [hasWorkflow, hasHttp] = [parts.has('workflow'), parts.has('http')];
  return board(settings, {
    name: 'overview',
    values: { andInbound: hasHttp ? ', inbound requests' : '' },
    title: 'overview',
    description: `Whether the ${hasWorkflow ? 'platform' : 'service'} works: a few panels per subject. The links lead to the other dashboards.`,
    rows: (queries) => [
      nowRow(queries, settings),
      hasWorkflow && workflowRow(queries, thresholds.workflowFailureShare),
      parts.has('provider') && providerRow(queries),
      parts.has('platform') ? platformRow(queries, hasHttp) : hasHttp && inboundRow(queries),
      hasWorkflow && errorRow(queries),
      ownRow(queries, ownDefinitions),
      row('Versions')`${versionPanel(queries, 24)}`,
    ],
  });
}

function nowRow(queries: BoardQueries, { thresholds, parts }: BundleSettings): Row {
  const { now, total, record, promql } = queries;
  const firing = selector(alertStates, {
    service: variable('job'),
    alertstate: 'firing',
    severity: { noneOf: ['none'] },
  });
  const succeeded = record('job:issues_success:ratio_rate1h', ['job']);
  const workflows = panels`
    Issues that succeeded, last hour ${stat(succeeded, ['red', [1 - thresholds.workflowFailureShare, 'green']])}
    Loops in progress ${stat(now(workflow.activeAutonomousLoops))}
    Waiting ${stat(lines('short', { queued: promql.gauge(workflow.queueDepth), approvals: promql.gauge(workflow.pendingApprovals) }))}
  `;
  const cost = panels`
    AI cost in this range ${stat(total(aiCost))}
  `;
  return row('Now')`
    Firing alerts ${stat(lines('short', { all: `sum(${firing}) or vector(0)` }), ['green', [1, 'red']])}
    ${upPanel(queries)}
    ${parts.has('workflow') && workflows}
    ${parts.has('provider') && cost}
  `;
}

function workflowRow({ record }: BoardQueries, failures: number): Row {
  const failed = record('job_workflow:workflows_failed:ratio_rate5m', ['workflow_type']);
  return row('Workflows: rate, errors, duration')`
    Workflows ended ${record('job_workflow:workflows_completed:rate5m', ['workflow_type'])}
    Share of workflows that fail ${styled(failed, { colours: ['green', [failures, 'red']] })}
    Duration of workflows: p95 ${record('job_workflow:workflow_completion_duration_seconds:p95_rate5m', ['workflow_type'])}
  `;
}

function providerRow({ record, promql }: BoardQueries): Row {
  const perHour = `3600 * ${promql.record('job_provider:ai_cost_usd:rate1h')}`;
  return row('AI providers: rate, errors, duration, cost', { width: 6 })`
    AI requests ${styled(record('job_provider:ai_requests:rate5m', ['provider']), { unit: 'reqps' })}
    Share of AI requests that fail ${record('job_provider:ai_requests_failed:ratio_rate5m', ['provider'])}
    Duration of AI requests: p95 ${record('job_provider:ai_request_duration_seconds:p95_rate5m', ['provider'])}
    AI cost per hour ${stacked(lines('currencyUSD', { '{{provider}}': perHour }))}
  `;
}

/** Without git platforms; with them, `platformRow` includes the inbound requests. */
function inboundRow({ record }: BoardQueries): Row {
  return row('Inbound HTTP: rate, errors, duration')`
    Inbound requests ${styled(record('job_route:http_server_requests:rate5m', ['route', 'method']), { unit: 'reqps' })}
    Share of inbound requests that fail ${record('job:http_server_requests_failed:ratio_rate5m')}
    Duration of inbound requests: p95 ${record('job:http_server_request_duration_seconds:p95_rate5m')}
  `;
}

function platformRow({ record, promql }: BoardQueries, hasInbound: boolean): Row {
  const inbound = (name: string) => hasInbound && { 'inbound requests': promql.record(name) };
  const failures = lines('percentunit', {
    'webhooks of {{platform}}': promql.record('job_platform:webhooks_failed:ratio_rate5m'),
    'requests to {{service}}': promql.record('job_service:api_requests_failed:ratio_rate5m'),
    ...inbound('job:http_server_requests_failed:ratio_rate5m'),
  });
  const durations = lines('s', {
    'requests to {{service}}': promql.record('job_service:api_request_duration_seconds:p95_rate5m'),
    ...inbound('job:http_server_request_duration_seconds:p95_rate5m'),
  });
  return row(`Git platforms${hasInbound ? ' and HTTP' : ''}: rate, errors, duration`)`
    Webhooks received ${record('job_platform:webhooks_received:rate5m', ['platform'])}
    Share of failures ${styled(failures, { max: 1 })}
    Durations: p95 ${durations}
  `;
}

function errorRow({ rate }: BoardQueries): Row {
  return row('Errors and escalations', { width: 12 })`
    Errors ${rate(workflow.errors, ['component', 'severity'])}
    Escalations ${rate(workflow.escalations, ['reason'])}
  `;
}
