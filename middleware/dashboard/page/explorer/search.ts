import type { MetricMeta } from '../../../../lib/history/feed.js';

/** Every word of the search is in the name, the help, a label or a method. */
export function searched(metrics: readonly MetricMeta[], search: string): readonly MetricMeta[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return metrics;
  const texts = ({ name, help, labels, methods }: MetricMeta): string =>
    [name, help, ...labels, ...methods.map(({ method }) => method)].join(' ').toLowerCase();
  const found = metrics.filter((metric) => {
    const text = texts(metric);
    return words.every((word) => text.includes(word));
  });
  const inName = ({ name }: MetricMeta): boolean => words.every((word) => name.toLowerCase().includes(word));
  return [...found.filter(inName), ...found.filter((metric) => !inName(metric))];
}
