/** The exemplars of a registry, as the reader of `tamma-metrics lint` finds them in OpenMetrics. */
import type { ExecutionContext } from 'ava';
import { readExposition } from '../../lib/cli/exposition-reader.js';
import { readSample } from '../../lib/exposition/lenient-sample-line.js';
import { openMetricsContentType } from '../../lib/exposition/open-metrics.js';
import type { AnyRegistry } from '../../lib/registry.js';

export interface ReadExemplar {
  /** Name and labels of the sample, as written. */
  readonly sample: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** Seconds since 1970. */
  readonly timestamp: number;
}

/** Also asserts that Prometheus and strict parsers accept the text. */
export async function readExemplars(t: ExecutionContext, registry: AnyRegistry): Promise<ReadExemplar[]> {
  const text = await registry.metrics({ format: 'openmetrics' });
  const exposition = await readExposition([text], openMetricsContentType);
  const { refusals, forbidden, unreadable } = exposition;
  t.deepEqual({ refusals, forbidden, unreadable }, { refusals: [], forbidden: [], unreadable: 0 });
  return text.split('\n').flatMap((line) => {
    const exemplar = line.startsWith('#') ? undefined : readSample(line)?.exemplar;
    if (exemplar === undefined) return [];
    const labels = Object.fromEntries(exemplar.labels);
    const { value, timestamp } = exemplar;
    return [
      {
        sample: line.slice(0, line.indexOf(' ')),
        labels,
        value: Number(value),
        timestamp: Number(timestamp),
      },
    ];
  });
}
