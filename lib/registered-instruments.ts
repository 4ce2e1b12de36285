/** The instruments of a prom-client registry, and those that were removed from it and may be registered again. */
import { type MetricDefinition, shapeOf } from './definition.js';
import { conflict, ExposedNames } from './exposed-names.js';
import { type AnyInstrument, isInstrument } from './instruments/any-instrument.js';
import { clearStructural, onRemoval, type StructuralRegistry } from './structural-registry.js';
import { declaredDefinition } from './views.js';

export interface RegistrationListener {
  /** Called with each instrument that is registered, for the first time or again. */
  readonly onRegister: (instrument: AnyInstrument) => void;
  /** Called when a removed instrument is recorded on after its name was taken. */
  readonly onLostRecording: (instrument: AnyInstrument, error: unknown) => void;
}

export class RegisteredInstruments {
  readonly #prometheus: StructuralRegistry;
  readonly #listener: RegistrationListener;
  readonly #instruments = new Map<string, AnyInstrument>();
  /** By name: the same definition, or a recording on the instrument, registers them again. */
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

  /** In the order of their registration. */
  all(): AnyInstrument[] {
    return [...this.#instruments.values()];
  }

  /**
   * The instrument of a definition, registered again if it was removed; `undefined` if there is none.
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

  /**
   * The instrument of a definition, made and registered if there is none.
   * @throws ERR_METRICS_DEFINITION_CONFLICT
   */
  findOrAdd(
    definition: MetricDefinition,
    make: (definition: MetricDefinition) => AnyInstrument,
  ): AnyInstrument {
    return this.find(definition) ?? this.add(make(definition));
  }

  /** @throws ERR_METRICS_DEFINITION_CONFLICT if a definition cannot be registered; registers nothing */
  check(definition: MetricDefinition): void {
    if (this.#existing(definition) === undefined) this.#checkNames(definition);
  }

  /**
   * Registers an instrument under its names.
   * @throws ERR_METRICS_DEFINITION_CONFLICT if one of them is taken
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

  /** Unregisters an instrument, so that its names are free. Its values stay. */
  withdraw({ definition }: AnyInstrument): void {
    const { name } = definition;
    this.#removed.delete(name);
    if (!this.#instruments.delete(name)) return;
    this.#names.free(definition);
    this.#prometheus.removeSingleMetric(name);
  }

  /** Removes a metric of any library by its exposed name. @returns whether it existed */
  remove(exposed: string): boolean {
    const isThere = this.#prometheus.getSingleMetric(exposed) !== undefined;
    this.#prometheus.removeSingleMetric(exposed);
    this.forgetRemoved();
    return isThere;
  }

  /** Removes all metrics, of any library. */
  clear(): void {
    clearStructural(this.#prometheus);
    this.forgetRemoved();
  }

  /** The removed instruments, which may be registered again. */
  removed(): AnyInstrument[] {
    return [...this.#removed.values()];
  }

  /** Notes which instruments the prom-client registry no longer holds. */
  forgetRemoved(): void {
    for (const [name, instrument] of this.#instruments) {
      if (this.#prometheus.getSingleMetric(name) === instrument) continue;
      this.#instruments.delete(name);
      this.#names.free(instrument.definition);
      this.#removed.set(name, instrument);
    }
    // Earlier removals too: a name that was taken may be free now.
    for (const instrument of this.#removed.values())
      if (!instrument.series.isForgotten) instrument.forget(() => this.#recordedAgain(instrument));
  }

  /** A removed instrument is recorded on. The recording must not throw, even if the name is taken. */
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
    // Removed without a call that `onRemoval` sees.
    if (this.#prometheus.getSingleMetric(definition.name) !== existing) {
      this.forgetRemoved();
      return undefined;
    }
    // Definitions of equal shape are the same one: two copies of a package must not conflict.
    if (!isSame(existing.definition, definition))
      throw conflict(definition, shapeOf(existing.definition), definition.name);
    return existing;
  }

  /** An instrument that another `MetricsRegistry`, of another copy of this package, registered in the same registry. */
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

/** Whether two definitions are equal, both as they are exposed and as they are declared. */
function isSame(a: MetricDefinition, b: MetricDefinition): boolean {
  if (a === b) return true;
  return shapeOf(a) === shapeOf(b) && shapeOf(declaredDefinition(a)) === shapeOf(declaredDefinition(b));
}
