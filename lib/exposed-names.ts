/** The owners of exposed names: a histogram `x` also has `x_bucket`, `x_sum` and `x_count`. */
import { type MetricDefinition, shapeOf } from './definition.js';
import { metricsError } from './errors.js';

export class ExposedNames {
  readonly #owners = new Map<string, MetricDefinition>();

  /** @throws ERR_METRICS_DEFINITION_CONFLICT if another definition has one of the names */
  check(definition: MetricDefinition): void {
    for (const name of exposedNames(definition)) {
      const owner = this.#owners.get(name);
      if (owner !== undefined) throw conflict(definition, shapeOf(owner), name);
    }
  }

  take(definition: MetricDefinition): void {
    for (const name of exposedNames(definition)) this.#owners.set(name, definition);
  }

  free(definition: MetricDefinition): void {
    for (const name of exposedNames(definition)) this.#owners.delete(name);
  }
}

/** The error for a definition whose name is taken. @param taken the owner of the name */
export function conflict(definition: MetricDefinition, taken: string, name: string): Error {
  return metricsError(
    'ERR_METRICS_DEFINITION_CONFLICT',
    `Conflicting definitions of \`${name}\`: expected ${taken}, which has the name already, received ${shapeOf(definition)}. Use one definition for both, or another name.`,
  );
}

/** The exposed names of a definition, with `_created` of OpenMetrics, which strict parsers reserve. */
function exposedNames({ name, type }: MetricDefinition): string[] {
  if (type === 'histogram')
    return [name, `${name}_bucket`, `${name}_sum`, `${name}_count`, `${name}_created`];
  if (type === 'summary') return [name, `${name}_sum`, `${name}_count`, `${name}_created`];
  return [name];
}
