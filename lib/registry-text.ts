/** The text of a registry, in an exposition format of Prometheus. */
import { metricsError, shown } from './errors.js';
import { openMetricsFormat } from './exposition/open-metrics.js';
import { type ScrapedRegistry, scrapeToString } from './exposition/scrape.js';
import { textFormat } from './exposition/text.js';
import { checkOptionNames } from './option-names.js';
import type { MetricsTextOptions } from './registry-options.js';
import type { StructuralRegistry } from './structural-registry.js';

const formats = { text: textFormat, openmetrics: openMetricsFormat };

/** See `MetricsRegistry.metrics`. */
export async function registryText(registry: ScrapedRegistry, options: MetricsTextOptions): Promise<string> {
  checkOptionNames('MetricsRegistry.metrics', options, { format: true });
  const { format = formatOf(registry.prometheus) } = options;
  if (Object.hasOwn(formats, format)) return scrapeToString(registry, { format: formats[format] });
  throw metricsError(
    'ERR_METRICS_INVALID_OPTION',
    `Invalid \`format\` of \`metrics\`: expected ${Object.keys(formats).join(' or ')}, received ${shown(format)}.`,
  );
}

/** See `MetricsRegistry.contentType`. */
export function contentTypeOf(prometheus: StructuralRegistry): string {
  return formats[formatOf(prometheus)].contentType;
}

/** The format that `setContentType` of a prom-client registry selected. */
function formatOf(prometheus: StructuralRegistry): keyof typeof formats {
  return Reflect.get(prometheus, 'contentType') === openMetricsFormat.contentType ? 'openmetrics' : 'text';
}
