import { catalogue } from '@tamma/observability';
import { readSamples, type TestRegistry } from '@tamma/observability/testing';
import { until } from './until.js';

/** Waits until `count` requests are recorded and none is in flight. Returns `METHOD route status` for each, sorted by labels. */
export function recordedRequests(registry: TestRegistry, count: number): Promise<string[]> {
  return until(`${count} recorded requests`, async () => {
    const inFlight = await readSamples(registry, catalogue.httpServerRequestsInFlight);
    const counts = (await readSamples(registry, catalogue.httpServerRequestDuration)).filter(
      ({ metricName }) => metricName?.endsWith('_count'),
    );
    const total = counts.reduce((sum, { value }) => sum + value, 0);
    if (total < count || inFlight.some(({ value }) => value !== 0)) return undefined;
    return counts
      .flatMap(({ labels, value }) =>
        new Array<string>(value).fill(`${labels.method} ${labels.route} ${labels.status_code}`),
      )
      .sort();
  });
}
