/** A push that ends with its test, and what it counted. */
import type { ExecutionContext } from 'ava';
import { catalogue } from '../../lib/catalogue/catalogue.js';
import { defineCounter } from '../../lib/definition.js';
import { type MetricsPush, type PushOptions, startPush } from '../../lib/export/pushgateway.js';
import { readValue, type TestRegistry } from '../../lib/testing.js';
import { type RecordingGateway, startRecordingGateway } from './recording-gateway.js';

export const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs.' });

/** A push that is ended with its test. The interval is one that no test waits for. */
export function pushing(t: ExecutionContext, options: PushOptions): MetricsPush {
  const push = startPush({ intervalSeconds: 3_600, pushOnBeforeExit: false, timeoutSeconds: 30, ...options });
  t.teardown(() => push.stop({ deadlineSeconds: 0 }));
  return push;
}

export async function recordingFor(
  t: ExecutionContext,
  answer?: Parameters<typeof startRecordingGateway>[0],
): Promise<RecordingGateway> {
  const recording = await startRecordingGateway(answer);
  t.teardown(() => recording.close());
  return recording;
}

export function failuresOf(registry: TestRegistry, { target }: MetricsPush): number | undefined {
  return readValue(registry, catalogue.metricsPushFailures, { target });
}

export function elapsed(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
