/** The option `catalogue` of `createMetrics`: what of the platform's metrics is registered from the start. */
import { type CatalogueSubject, catalogue, catalogueSubjects } from '../lib/catalogue/catalogue.js';
import type { MetricDefinition } from '../lib/definition.js';
import { metricsError, nearest, shown } from '../lib/errors.js';

const subjects = Object.keys(catalogueSubjects);

/** @throws ERR_METRICS_INVALID_OPTION for a part that the catalogue does not have */
export function definitionsOf(
  parts: true | readonly CatalogueSubject[] | undefined = [],
): readonly MetricDefinition[] {
  if (parts === true) return Object.values(catalogue);
  if (!Array.isArray(parts)) throw invalid(parts);
  for (const part of parts) if (!subjects.includes(part)) throw invalid(part);
  return parts.flatMap((part: CatalogueSubject) => Object.values<MetricDefinition>(catalogueSubjects[part]));
}

function invalid(received: unknown): Error {
  const meant = typeof received === 'string' ? nearest(received, subjects) : undefined;
  return metricsError(
    'ERR_METRICS_INVALID_OPTION',
    `Invalid \`catalogue\` of createMetrics: expected true or a list of ${subjects.join(', ')}, received ${shown(received)}.${meant === undefined ? '' : ` Did you mean \`${meant}\`?`}`,
  );
}
