/** Objectives over the catalogue: what a platform of agents is asked for, with numbers to begin with. */
import { httpServerRequestDuration } from '../../catalogue/http.js';
import { webhooksProcessed } from '../../catalogue/platform.js';
import { aiRequestDuration, aiRequestsFailed, aiRequestsSuccessful } from '../../catalogue/provider.js';
import { issuesProcessed, workflowsCompleted } from '../../catalogue/workflow.js';
import { workRequests } from '../probe-routes.js';
import { defineSlo } from './slo-definition.js';
import type { Slo } from './slo-model.js';

/** The SLOs of every bundle. One of a user's own with the name of one of these takes its place. */
export const defaultSlos: readonly Slo[] = Object.freeze([
  defineSlo({
    name: 'issue-success',
    objective: 0.95,
    description: 'Issues end in success, or are handed to a human knowingly.',
    events: failures(issuesProcessed),
  }),
  defineSlo({
    name: 'workflow-success',
    objective: 0.95,
    description: 'Workflows end in success, or are handed to a human knowingly.',
    events: failures(workflowsCompleted),
  }),
  defineSlo({
    name: 'ai-request-success',
    objective: 0.99,
    description: 'Requests to an AI provider succeed.',
    // Both at the end of a request: one that has only started is neither.
    events: { good: { metric: aiRequestsSuccessful }, bad: { metric: aiRequestsFailed } },
    by: ['provider'],
  }),
  defineSlo({
    name: 'ai-request-latency',
    objective: 0.95,
    description: 'Requests to an AI provider take 41 seconds at most.',
    latency: { metric: aiRequestDuration, thresholdSeconds: 40.96 },
    by: ['provider'],
  }),
  defineSlo({
    name: 'http-availability',
    objective: 0.999,
    description: 'Inbound requests are not answered with a fault of ours.',
    events: {
      bad: {
        metric: httpServerRequestDuration,
        matches: { ...workRequests, status_code: { raw: '=~"5.."' } },
      },
      total: { metric: httpServerRequestDuration, matches: workRequests },
    },
  }),
  defineSlo({
    name: 'http-latency',
    objective: 0.99,
    description: 'Inbound requests take a second at most.',
    latency: { metric: httpServerRequestDuration, thresholdSeconds: 1, matches: workRequests },
  }),
  defineSlo({
    name: 'webhook-processing',
    objective: 0.99,
    description: 'Webhooks are handled without failure.',
    events: failures(webhooksProcessed),
  }),
]);

function failures<M extends typeof issuesProcessed | typeof workflowsCompleted | typeof webhooksProcessed>(
  metric: M,
) {
  return { bad: { metric, matches: { outcome: 'failure' } }, total: { metric } } as const;
}
