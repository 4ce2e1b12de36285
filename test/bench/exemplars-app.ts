/** Times recordings in one state of tracing, in a process of its own: OpenTelemetry cannot be taken out of a process again. */
import { context, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { measure } from 'mitata';
import { defineCounter, defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { MetricsRegistry } from '../../lib/registry.js';
import { batch, syncBatch } from './call-batches.js';
import { sendResult } from './child.js';
import { buckets } from './contender.js';
import { fastestOf, type RecordingTimes } from './exemplars.js';

const [state, milliseconds] = process.argv.slice(2);
const registry = new MetricsRegistry();
const labels = { queue: label() };
const counter = registry.counter(defineCounter({ name: 'jobs_total', help: 'Jobs.' })).with({});
const waits = registry.histogram(defineHistogram({ name: 'wait_seconds', help: 'Waits.', buckets })).with({});
const manyWaits = registry.histogram(
  defineHistogram({ name: 'many_seconds', help: 'Waits.', buckets, labels, maxSeries: 50_000 }),
);
const series = Array.from({ length: 50_000 }, (_, index) => manyWaits.with({ queue: `${index}` }));
let next = 0;

if (state !== 'absent') context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
const spanContext = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: TraceFlags.SAMPLED };
const active = state === 'with a span' ? trace.setSpanContext(ROOT_CONTEXT, spanContext) : ROOT_CONTEXT;
await context.with(active, async () => {
  const times = [await recordingTimes(), await recordingTimes(), await recordingTimes()];
  const hasExemplars = (await registry.metrics({ format: 'openmetrics' })).includes('trace_id');
  if (hasExemplars !== (state === 'with a span'))
    throw new Error(`expected exemplars with a span only, received ${hasExemplars} ${state}`);
  sendResult(fastestOf(times));
});

async function recordingTimes(): Promise<RecordingTimes> {
  return {
    counter: await timeOf('counter', () => counter.inc()),
    histogram: await timeOf('histogram', () => waits.observe(0.02)),
    spread: await timeOf('spread', () => {
      next = (next + 1) % series.length;
      series[next]?.observe(0.02);
    }),
  };
}

async function timeOf(name: string, record: () => void): Promise<number> {
  // Each series gets its first exemplar, which takes longer than those that follow.
  for (let time = 0; time < 2 * series.length; time++) record();
  const recordBatch = syncBatch(name, record);
  const options = { min_cpu_time: Number(milliseconds) * 1e6, batch_samples: 8, gc: false } as const;
  // The first measurement is over before V8 has optimized the code on a busy machine.
  await measure(recordBatch, options);
  const { p50 } = await measure(recordBatch, options);
  return p50 / batch;
}
