/** SLOs that must and must not compile. Nothing here is executed; an unused `@ts-expect-error` is an error. */
import { expectTypeOf } from 'expect-type';
import { aiRequestDuration, aiRequestsFailed, aiRequestsSuccessful } from '../../lib/catalogue/provider.js';
import { issuesProcessed, queueDepth } from '../../lib/catalogue/workflow.js';
import type { CounterDefinition } from '../../lib/definition.js';
import { defineSlo } from '../../lib/monitoring/slo/slo-definition.js';
import type { Slo } from '../../lib/monitoring/slo/slo-model.js';

const total = { metric: issuesProcessed };

export function accepted(found: CounterDefinition): void {
  const slo = defineSlo({
    name: 'issues',
    objective: 0.95,
    events: { bad: { metric: issuesProcessed, matches: { outcome: 'failure' } }, total },
    by: ['provider'],
    legs: [6, 3],
    severity: { page: 'ticket' },
  });
  expectTypeOf(slo).toEqualTypeOf<Slo>();
  defineSlo({
    name: 'issues',
    objective: 0.95,
    events: {
      good: { metric: issuesProcessed, matches: { outcome: { noneOf: ['failure', 'other'] } } },
      total: { metric: issuesProcessed, matches: { provider: 'any', platform: { raw: '!=""' } } },
    },
  });
  defineSlo({
    name: 'ai',
    objective: 0.95,
    events: { good: { metric: aiRequestsSuccessful }, bad: { metric: aiRequestsFailed } },
    by: ['provider', 'model'],
  });
  defineSlo({
    name: 'ai-latency',
    objective: 0.95,
    latency: { metric: aiRequestDuration, thresholdSeconds: 40.96, matches: { model: 'large' } },
    by: ['model'],
  });
  // If the labels of a metric are unknown to the compiler, any are allowed, and checked at definition.
  defineSlo({
    name: 'found',
    objective: 0.95,
    events: { bad: { metric: found, matches: { anything: 'x' } }, total: { metric: found } },
  });
}

export function rejected(): void {
  const name = 'issues';
  const objective = 0.95;
  const latency = { metric: aiRequestDuration, thresholdSeconds: 40.96 };
  const events = { good: { metric: aiRequestsSuccessful }, bad: { metric: aiRequestsFailed } };
  defineSlo({ name, objective, latency, by: ['model'] });
  defineSlo({ name, objective, events, by: ['model'] });
  defineSlo({
    name,
    objective,
    // @ts-expect-error: `outcom` is not a label of the metric.
    events: { bad: { metric: issuesProcessed, matches: { outcom: 'failure' } }, total },
  });
  defineSlo({
    name,
    objective,
    // @ts-expect-error: an outcome is one of three.
    events: { bad: { metric: issuesProcessed, matches: { outcome: 'failed' } }, total },
  });
  defineSlo({
    name,
    objective,
    // @ts-expect-error: also in a list.
    events: { bad: { metric: issuesProcessed, matches: { outcome: { oneOf: ['failed'] } } }, total },
  });
  defineSlo({
    name,
    objective,
    // @ts-expect-error: a gauge does not count events.
    events: { bad: { metric: queueDepth }, total },
  });
  defineSlo({
    name,
    objective,
    // @ts-expect-error: a latency needs a histogram.
    latency: { metric: issuesProcessed, thresholdSeconds: 1 },
  });
  // @ts-expect-error: `operation` is not a label of the histogram.
  defineSlo({ name, objective, latency, by: ['operation'] });
  // @ts-expect-error: only one of the two has `error_type`.
  defineSlo({ name, objective, events, by: ['error_type'] });
  // @ts-expect-error: `total` alone is not enough.
  defineSlo({ name, objective, events: { total } });
  // @ts-expect-error: there is no indicator.
  defineSlo({ name, objective });
  // @ts-expect-error: there is no such leg.
  defineSlo({ name, objective, legs: [2], events: { bad: total, total } });
}
