import type { PrometheusMetricsCollector } from '@tamma/observability';

/** The lines of a scrape that have a sample of this name. */
export async function scrapedLines(
  collector: Pick<PrometheusMetricsCollector, 'getMetrics'>,
  sample: string,
): Promise<string[]> {
  const text = await collector.getMetrics();
  return text.split('\n').filter((line) => line.startsWith(`${sample}{`) || line.startsWith(`${sample} `));
}
