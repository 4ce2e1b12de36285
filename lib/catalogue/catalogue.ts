/** All definitions of the catalogue, in the order of the reference. */
import { type MetricDefinition, shapeOf } from '../definition.js';
import * as api from './api.js';
import * as health from './health.js';
import * as http from './http.js';
import * as method from './method.js';
import * as platform from './platform.js';
import * as provider from './provider.js';
import * as self from './self.js';
import * as workflow from './workflow.js';

/** The subjects under which the reference lists the metrics. */
export const catalogueSubjects = Object.freeze({
  workflow,
  provider,
  platform,
  api,
  http,
  health,
  method,
  self,
});

/**
 * All definitions of the catalogue, by their names in code: `catalogue.issuesProcessed` is `issues_processed_total`.
 * `lib/catalogue/README.md` lists them. Frozen.
 * @example
 * sharedRegistry.counter(catalogue.issuesCreated).inc({ platform: 'github', repository: 'acme/app' });
 */
export const catalogue = Object.freeze({
  ...workflow,
  ...provider,
  ...platform,
  ...api,
  ...http,
  ...health,
  ...method,
  ...self,
});

/** A subject of the catalogue: `workflow`, `provider`, `platform`, `api`, `http`, `health`, `method` or `self`. */
export type CatalogueSubject = keyof typeof catalogueSubjects;

let byName: ReadonlyMap<string, MetricDefinition> | undefined;

/** The definition of this name, if the catalogue has one. */
export function catalogueDefinition(name: string): MetricDefinition | undefined {
  byName ??= new Map(Object.values(catalogue).map((definition) => [definition.name, definition]));
  return byName.get(name);
}

/** Whether a definition is the one of the catalogue, and not another definition with the same name. */
export function isOfCatalogue(definition: MetricDefinition): boolean {
  const own = catalogueDefinition(definition.name);
  return own !== undefined && (own === definition || shapeOf(own) === shapeOf(definition));
}
