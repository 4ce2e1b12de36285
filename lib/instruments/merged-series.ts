/** The series of a metric whose view drops labels. */
import type { Series } from './branch.js';
import { labelCountError } from './label-values.js';
import { SeriesTree } from './series.js';
import type { SeriesTreeOptions } from './series-options.js';

/**
 * Callers still pass the labels of the definition. Values of dropped labels are ignored, so series that differ in nothing else
 * are merged. `labelNames`, `valuesOf` and `resolve` use the kept labels only.
 */
export class MergedSeries<S extends Series> extends SeriesTree<S> {
  readonly #declared: readonly string[];
  readonly #dropped: ReadonlySet<string>;

  /** @param declared the labels of the definition, in its order */
  constructor(options: SeriesTreeOptions<S>, declared: readonly string[]) {
    super(options);
    this.#declared = declared;
    this.#dropped = new Set(declared.filter((name) => !this.labelNames.includes(name)));
  }

  override find(labels: Readonly<Record<string, unknown>>): S {
    return super.find(this.#kept(labels));
  }

  override peek(labels: Readonly<Record<string, unknown>>): S | undefined {
    return super.peek(this.#kept(labels));
  }

  override at(values: readonly unknown[]): S {
    return super.at(this.#keptAt(values));
  }

  override peekAt(values: readonly unknown[]): S | undefined {
    return super.peekAt(this.#keptAt(values));
  }

  /** No series for the value of a dropped label, since a series may hold recordings with other values. */
  override where(labels: Readonly<Record<string, unknown>>): S[] {
    return Object.keys(labels).some((name) => this.#dropped.has(name)) ? [] : super.where(labels);
  }

  #kept(labels: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const kept: Record<string, unknown> = {};
    for (const name in labels) if (!this.#dropped.has(name)) kept[name] = labels[name];
    return kept;
  }

  /** @throws ERR_METRICS_LABEL_COUNT */
  #keptAt(values: readonly unknown[]): readonly unknown[] {
    if (values.length !== this.#declared.length) throw labelCountError(values, this.#declared, this.metric);
    return values.filter((_, index) => !this.#dropped.has(this.#declared[index] ?? ''));
  }
}
