import { httpServerRequestDuration, httpServerRequestsInFlight } from '../../lib/catalogue/http.js';
import { readSamples, type TestRegistry } from '../../lib/testing.js';
import { until } from './until.js';

/** What was recorded, `METHOD route status` each in order of labels, once `count` requests were and none is in flight. */
export function recordedRequests(registry: TestRegistry, count: number): Promise<string[]> {
  return until(`${count} recorded requests`, async () => {
    const inFlight = await readSamples(registry, httpServerRequestsInFlight);
    const counts = (await readSamples(registry, httpServerRequestDuration)).filter(({ metricName }) =>
      metricName?.endsWith('_count'),
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
