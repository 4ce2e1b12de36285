/** Objectives over the metrics of the catalogue, with targets to start from. */
import { httpServerRequestDuration } from '../../catalogue/http.js';
import { webhooksProcessed } from '../../catalogue/platform.js';
import { aiRequestDuration, aiRequestsFailed, aiRequestsSuccessful } from '../../catalogue/provider.js';
import { issuesProcessed, workflowsCompleted } from '../../catalogue/workflow.js';
import { serverError, workRequests } from '../prometheus/recording-rules.js';
import { defineSlo } from './slo-definition.js';
import type { Slo } from './slo-model.js';

/** The SLOs of every bundle whose parts have their metrics. An own SLO with the same name replaces a default one. */
export const defaultSlos: readonly Slo[] = Object.freeze([
  defineSlo({
    name: 'issue-success',
    objective: 0.95,
    description: 'Issues end in success, or are escalated to a person.',
    events: failures(issuesProcessed),
  }),
  defineSlo({
    name: 'workflow-success',
    objective: 0.95,
    description: 'Workflows end in success, or are escalated to a person.',
    events: failures(workflowsCompleted),
  }),
  defineSlo({
    name: 'ai-request-success',
    objective: 0.99,
    description: 'Requests to an AI provider succeed.',
    // Both are counted when a request ends: `ai_requests_total` also counts requests in progress.
    events: { good: { metric: aiRequestsSuccessful }, bad: { metric: aiRequestsFailed } },
    by: ['provider'],
  }),
  defineSlo({
    name: 'ai-request-latency',
    objective: 0.95,
    description: 'Requests to an AI provider take at most 41 seconds.',
    latency: { metric: aiRequestDuration, thresholdSeconds: 40.96 },
    by: ['provider'],
  }),
  defineSlo({
    name: 'http-availability',
    objective: 0.999,
    description: 'Inbound requests are not answered with 5xx.',
    events: {
      bad: {
        metric: httpServerRequestDuration,
        matches: { ...workRequests, status_code: serverError },
      },
      total: { metric: httpServerRequestDuration, matches: workRequests },
    },
  }),
  defineSlo({
    name: 'http-latency',
    objective: 0.99,
    description: 'Inbound requests take at most one second.',
    latency: { metric: httpServerRequestDuration, thresholdSeconds: 1, matches: workRequests },
  }),
  defineSlo({
    name: 'webhook-processing',
    objective: 0.99,
    description: 'Webhooks are handled without failures.',
    events: failures(webhooksProcessed),
  }),
]);

function failures<M extends typeof issuesProcessed | typeof workflowsCompleted | typeof webhooksProcessed>(
  metric: M,
) {
  return { bad: { metric, matches: { outcome: 'failure' } }, total: { metric } } as const;
}
