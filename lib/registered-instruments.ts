/** The instruments that a prom-client registry holds, and those that were removed from it and may come back. */
import { type MetricDefinition, shapeOf } from './definition.js';
import { conflict, ExposedNames } from './exposed-names.js';
import { type AnyInstrument, isInstrument } from './instruments/any-instrument.js';
import { onRemoval, type StructuralRegistry } from './structural-registry.js';
import { declaredDefinition } from './views.js';

export interface RegistrationListener {
  /** Called for each instrument that is registered, for the first time or again. */
  readonly onRegister: (instrument: AnyInstrument) => void;
  /** Called when a removed instrument is recorded on whose name another has taken. */
  readonly onLostRecording: (instrument: AnyInstrument, error: unknown) => void;
}

export class RegisteredInstruments {
  readonly #prometheus: StructuralRegistry;
  readonly #listener: RegistrationListener;
  readonly #instruments = new Map<string, AnyInstrument>();
  /** By name: the same definition gives them again, and so does who still records on them. */
  readonly #removed = new Map<string, AnyInstrument>();
  readonly #names = new ExposedNames();
  #seesRemovals = false;

  constructor(prometheus: StructuralRegistry, listener: RegistrationListener) {
    this.#prometheus = prometheus;
    this.#listener = listener;
  }

  get(name: string): AnyInstrument | undefined {
    return this.#instruments.get(name);
  }

  /** In the order in which they were registered. */
  all(): AnyInstrument[] {
    return [...this.#instruments.values()];
  }

  /**
   * The instrument of a definition, registered again where it was removed; `undefined` where there was none.
   * @throws ERR_METRICS_DEFINITION_CONFLICT
   */
  find(definition: MetricDefinition): AnyInstrument | undefined {
    const existing = this.#existing(definition);
    if (existing !== undefined) return existing;
    const removed = this.#removed.get(definition.name);
    if (removed === undefined || !isSame(removed.definition, definition)) return undefined;
    this.add(removed).registeredAgain();
    return removed;
  }

  /** @throws ERR_METRICS_DEFINITION_CONFLICT where a definition cannot be registered; registers nothing */
  check(definition: MetricDefinition): void {
    if (this.#existing(definition) === undefined) this.#checkNames(definition);
  }

  /**
   * Registers an instrument under its names.
   * @throws ERR_METRICS_DEFINITION_CONFLICT where one of them is taken
   */
  add(instrument: AnyInstrument): AnyInstrument {
    const { definition } = instrument;
    this.#checkNames(definition);
    if (!this.#seesRemovals) {
      this.#seesRemovals = true;
      onRemoval(this.#prometheus, () => this.forgetRemoved());
    }
    this.#prometheus.registerMetric(instrument as never);
    this.#instruments.set(definition.name, instrument);
    this.#removed.delete(definition.name);
    this.#names.take(definition);
    this.#listener.onRegister(instrument);
    return instrument;
  }

  /** Takes an instrument out, so that its names are free. Nothing is recorded less. */
  withdraw({ definition }: AnyInstrument): void {
    const { name } = definition;
    this.#removed.delete(name);
    if (!this.#instruments.delete(name)) return;
    this.#names.free(definition);
    this.#prometheus.removeSingleMetric(name);
  }

  /** Those that were removed, and may come back. */
  removed(): AnyInstrument[] {
    return [...this.#removed.values()];
  }

  /** Lets go of every instrument that the prom-client registry no longer holds. */
  forgetRemoved(): void {
    for (const [name, instrument] of this.#instruments) {
      if (this.#prometheus.getSingleMetric(name) === instrument) continue;
      this.#instruments.delete(name);
      this.#names.free(instrument.definition);
      this.#removed.set(name, instrument);
    }
    // Those removed earlier too: a name that another had taken may be free now.
    for (const instrument of this.#removed.values())
      if (!instrument.series.isForgotten) instrument.forget(() => this.#recordedAgain(instrument));
  }

  /** An instrument that was removed is recorded on: its caller must not fail, whoever has the name now. */
  #recordedAgain(instrument: AnyInstrument): void {
    try {
      this.add(instrument);
    } catch (error) {
      this.#listener.onLostRecording(instrument, error);
    }
  }

  #existing(definition: MetricDefinition): AnyInstrument | undefined {
    const existing = this.#instruments.get(definition.name) ?? this.#adopted(definition);
    if (existing === undefined) return undefined;
    // Removed from a prom-client registry that did not say so.
    if (this.#prometheus.getSingleMetric(definition.name) !== existing) {
      this.forgetRemoved();
      return undefined;
    }
    // Equal shapes from two places are one definition: two copies of a package must not conflict.
    if (!isSame(existing.definition, definition))
      throw conflict(definition, shapeOf(existing.definition), definition.name);
    return existing;
  }

  /** One that another registry of ours has registered in the same prom-client registry: that of another copy of this package. */
  #adopted(definition: MetricDefinition): AnyInstrument | undefined {
    const registered: unknown = this.#prometheus.getSingleMetric(definition.name);
    if (!isInstrument(registered) || !isSame(registered.definition, definition)) return undefined;
    this.#instruments.set(definition.name, registered);
    this.#names.take(definition);
    this.#listener.onRegister(registered);
    return registered;
  }

  #checkNames(definition: MetricDefinition): void {
    this.#names.check(definition);
    const { name } = definition;
    if (this.#prometheus.getSingleMetric(name) === undefined) return;
    throw conflict(definition, `a metric of another library under \`${name}\` in the same registry`, name);
  }
}

/** Whether two definitions are one, as they are exposed and as code has them. */
function isSame(one: MetricDefinition, other: MetricDefinition): boolean {
  if (one === other) return true;
  return (
    shapeOf(one) === shapeOf(other) && shapeOf(declaredDefinition(one)) === shapeOf(declaredDefinition(other))
  );
}
