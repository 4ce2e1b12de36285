/** The option `catalogue` of `createMetrics`: the catalogue metrics that are registered from the start. */
import { type CatalogueSubject, catalogue, catalogueSubjects } from '../lib/catalogue/catalogue.js';
import type { MetricDefinition } from '../lib/definition.js';
import { didYouMean } from '../lib/errors.js';
import { invalidOption } from '../lib/option-names.js';

const subjects = Object.keys(catalogueSubjects);

/** @throws ERR_METRICS_INVALID_OPTION for an unknown part of the catalogue */
export function definitionsOf(
  parts: true | readonly CatalogueSubject[] | undefined = [],
): readonly MetricDefinition[] {
  if (parts === true) return Object.values(catalogue);
  if (!Array.isArray(parts)) throw invalid(parts);
  for (const part of parts) if (!subjects.includes(part)) throw invalid(part);
  return parts.flatMap((part: CatalogueSubject) => Object.values<MetricDefinition>(catalogueSubjects[part]));
}

function invalid(received: unknown): Error {
  const expected = `true or a list of ${subjects.join(', ')}`;
  const hint = typeof received === 'string' ? didYouMean(received, subjects) : '';
  return invalidOption('createMetrics', 'catalogue', expected, received, hint);
}
