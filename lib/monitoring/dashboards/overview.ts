/** The dashboard to start from: each subject in a few panels, and the user's own metrics. */
import { aiCost } from '../../catalogue/provider.js';
import {
  activeAutonomousLoops,
  errors,
  escalations,
  pendingApprovals,
  queueDepth,
} from '../../catalogue/workflow.js';
import { variable } from '../promql/builder.js';
import { selector } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import { alertStates } from '../third-party-metrics.js';
import { type Board, board, type Row } from './board.js';
import { type BoardQueries, lines, panels, row, stacked, stat, styled } from './panels.js';
import { answeringProcesses, versionTable } from './process-rows.js';
import { ownRow } from './user-metrics.js';

export function overviewBoard(settings: BundleSettings): Board {
  const { parts, thresholds, ownDefinitions } = settings;
  const [hasWorkflow, hasPlatform, hasHttp] = [
    parts.has('workflow'),
    parts.has('platform'),
    parts.has('http'),
  ];
  return board(settings, {
    name: 'overview',
    title: 'overview',
    description: `Whether the ${hasWorkflow ? 'platform' : 'service'} does its work: each subject in a few panels. The links lead to a dashboard each.`,
    rows: (queries) => [
      nowRow(queries, settings),
      ...(hasWorkflow ? [workflowRow(queries, thresholds.workflowFailureShare)] : []),
      ...(parts.has('provider') ? [providerRow(queries)] : []),
      ...(hasPlatform ? [platformRow(queries, hasHttp)] : hasHttp ? [inboundRow(queries)] : []),
      ...(hasWorkflow ? [troubleRow(queries)] : []),
      ...ownRow(queries, ownDefinitions),
      row('Versions')`${versionTable(queries, 24)}`,
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
    Issues that succeed, last hour ${stat(succeeded, ['red', [1 - thresholds.workflowFailureShare, 'green']])}
      Successes in all issues that ended in the last hour.
    Loops in progress ${stat(now(activeAutonomousLoops))}
      Autonomous loops in progress.
    Waiting ${stat(lines('short', { queued: promql.gauge(queueDepth), approvals: promql.gauge(pendingApprovals) }))}
      Items that wait in queues, and approvals that wait for a human.
  `;
  const cost = panels`
    AI cost in this time ${stat(total(aiCost))}
      What the requests to AI providers in the range of the dashboard cost.
  `;
  return row('Now')`
    Alerts that fire ${stat(lines('short', { all: `sum(${firing}) or vector(0)` }), ['green', [1, 'red']])}
      Alerts of the service that fire; the Watchdog, which always does, is left out.
    ${answeringProcesses(queries)}
    ${parts.has('workflow') && workflows}
    ${parts.has('provider') && cost}
  `;
}

function workflowRow({ record }: BoardQueries, failures: number): Row {
  const failed = record('job_workflow:workflows_failed:ratio_rate5m', ['workflow_type']);
  return row('Workflows: rate, errors, duration')`
    Workflows ended ${record('job_workflow:workflows_completed:rate5m', ['workflow_type'])}
      Workflows that end, a second, over five minutes, by type.
    Share of workflows that fail ${styled(failed, { colours: ['green', [failures, 'red']] })}
      Failures in all that ended, over five minutes, by type.
    Duration of workflows: p95 ${record('job_workflow:workflow_completion_duration_seconds:p95_rate5m', ['workflow_type'])}
      One workflow in twenty takes longer than this, by type.
  `;
}

function providerRow({ record, promql }: BoardQueries): Row {
  const perHour = `3600 * ${promql.record('job_provider:ai_cost_usd:rate1h')}`;
  return row('AI providers: rate, errors, duration, cost', { width: 6 })`
    AI requests ${styled(record('job_provider:ai_requests:rate5m', ['provider']), { unit: 'reqps' })}
      Requests that start, a second, over five minutes, by provider.
    Share of AI requests that fail ${record('job_provider:ai_requests_failed:ratio_rate5m', ['provider'])}
      Failures in all that ended, over five minutes, by provider.
    Duration of AI requests: p95 ${record('job_provider:ai_request_duration_seconds:p95_rate5m', ['provider'])}
      One request in twenty takes longer than this, by provider.
    AI cost an hour ${stacked(lines('currencyUSD', { '{{provider}}': perHour }))}
      What an hour at the pace of the last one costs, by provider.
  `;
}

/** A service without git platforms has its requests here; with them they are beside the platforms'. */
function inboundRow({ record }: BoardQueries): Row {
  return row('Inbound HTTP: rate, errors, duration')`
    Inbound requests ${styled(record('job_route:http_server_requests:rate5m', ['route', 'method']), { unit: 'reqps' })}
      Requests that end, a second, over five minutes, by route and method.
    Share of inbound requests that fail ${record('job:http_server_requests_failed:ratio_rate5m')}
      Answers of 500 and above in all, over five minutes.
    Duration of inbound requests: p95 ${record('job:http_server_request_duration_seconds:p95_rate5m')}
      One request in twenty takes longer than this.
  `;
}

function platformRow({ record, promql }: BoardQueries, hasInbound: boolean): Row {
  const inbound = (name: string) => hasInbound && { 'inbound requests': promql.record(name) };
  const andInbound = hasInbound ? ', of inbound requests' : '';
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
      Webhooks that arrive, a second, over five minutes, by platform.
    Failures by share ${styled(failures, { max: 1 })}
      Failures in all, over five minutes: of webhooks by platform, of outbound requests by service${andInbound}.
    Durations: p95 ${durations}
      One request in twenty takes longer than this: of outbound requests by service${andInbound}.
  `;
}

function troubleRow({ rate }: BoardQueries): Row {
  return row('Trouble', { width: 12 })`
    Errors ${rate(errors, ['component', 'severity'])}
      Errors that no other metric counts, a second, by component and severity.
    Escalations ${rate(escalations, ['reason'])}
      Work handed to humans, a second, by reason.
  `;
}
