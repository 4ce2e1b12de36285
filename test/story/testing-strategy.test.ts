// In a process of its own: it records in the shared registry.
/** The cases of the testing strategy; each registers its metric before it uses it. */
import { PrometheusMetricsCollector, WorkflowMetrics } from '@tamma/observability';
import { MetricsEndpoint } from '@tamma/observability/middleware';
import { createTestRegistry } from '@tamma/observability/testing';
import test from 'ava';
import Koa from 'koa';
import { serve } from '../helpers/koa-server.js';
import { stopTimers } from '../helpers/manual-stopwatch.js';
import type { WorkflowContext } from './platform-types.js';

const newCollector = () => new PrometheusMetricsCollector({ registry: createTestRegistry() });

test('an incremented counter has the value 1 in the output', async (t) => {
  const metrics = newCollector();
  metrics.registerCounter('test_counter', 'A counter.', ['label']);
  metrics.incrementCounter('test_counter', { label: 'value' });
  t.true((await metrics.getMetrics()).includes('test_counter{label="value"} 1\n'));
});

test('a gauge has its value in the output after it was set', async (t) => {
  const metrics = newCollector();
  metrics.registerGauge('test_gauge', 'A gauge.', ['label']);
  metrics.setGauge('test_gauge', 42, { label: 'value' });
  t.true((await metrics.getMetrics()).includes('test_gauge{label="value"} 42\n'));
});

test('a histogram counts an observation in its last bucket', async (t) => {
  const metrics = newCollector();
  metrics.registerHistogram('test_histogram', 'A histogram.', ['label']);
  metrics.observeHistogram('test_histogram', 1.5, { label: 'value' });
  t.true((await metrics.getMetrics()).includes('test_histogram_bucket{label="value",le="+Inf"} 1\n'));
});

test.serial('a stopped timer adds to the sum of its histogram', async (t) => {
  const advance = stopTimers(t);
  const metrics = newCollector();
  metrics.registerHistogram('test_timer', 'A timer.');
  const stopTimer = metrics.startTimer('test_timer');
  advance(2);
  stopTimer();
  t.true((await metrics.getMetrics()).includes('test_timer_sum 2\n'));
});

test('the response of the endpoint has Prometheus’ status, content type, help and type', async (t) => {
  const app = new Koa();
  new MetricsEndpoint(newCollector()).registerRoutes(app);
  const server = await serve(app);
  t.teardown(server.close);
  const response = await fetch(`${server.url}/metrics`);
  t.is(response.status, 200);
  t.is(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  const body = await response.text();
  t.true(body.includes('# HELP'));
  t.true(body.includes('# TYPE'));
});

test('a workflow that starts is counted and active', async (t) => {
  const metrics = newCollector();
  const context: WorkflowContext = {
    workflowId: 'test-workflow',
    workflowType: 'autonomous-development',
    provider: 'anthropic-claude',
    platform: 'github',
  };
  new WorkflowMetrics(metrics).recordWorkflowStart(context);
  const output = await metrics.getMetrics();
  for (const line of [
    'workflows_started_total{workflow_type="autonomous-development",provider="anthropic-claude",platform="github"} 1\n',
    'active_autonomous_loops{workflow_type="autonomous-development"} 1\n',
  ])
    t.true(output.includes(line), line);
});
