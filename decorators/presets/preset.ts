/** The implementation that the presets share: several catalogue metrics on one method, recorded by a recorder. */
import type { MetricDefinition } from '../../lib/definition.js';
import { didYouMean, metricsError } from '../../lib/errors.js';
import { noteSource, type RecordingSource, recordWith } from '../../lib/instruments/exemplar-sources.js';
import { labelText } from '../../lib/instruments/label-values.js';
import { checkOptionNames, invalidOption, type OptionNames } from '../../lib/option-names.js';
import type { AnyRegistry } from '../../lib/registry.js';
import { sharedRegistry } from '../../lib/registry.js';
import type { Call } from '../call.js';
import { checkErrorClasses, type ErrorClass, ignoring } from '../error-classes.js';
import type { ExemplarOption } from '../exemplar-option.js';
import type { MethodMetric } from '../metadata.js';
import { type DualModeMethodDecorator, methodDecorator } from '../method-decorator.js';
import type { MethodSite } from '../method-site.js';
import { anonymous, checkFunctionOption, type DecoratorOptions } from '../metric-decorator.js';
import { type CallObserver, erased } from '../observed-call.js';
import { fromClass, type LabelSource } from '../recording/label-sources.js';
import { type BindingFinder, bindingFinder, type RegistryBinding } from '../recording/registry-binding.js';

/** Sources for the labels of a preset, each of them optional. */
export type PresetLabels<Names extends string, C> = {
  readonly [Name in Names]?: LabelSource<string | number | boolean, C>;
};

/** The functions with which a preset observes the calls of one method. */
export interface Preset<Recorder> {
  /** The recorder of a call's registry; `undefined` if the registry fails, which is counted. */
  readonly recorderOf: (call: Call) => (RegistryBinding & { readonly recorder: Recorder }) | undefined;
  /** The value of a label for a call: from its source, else from the class, else the default. */
  readonly label: (name: string, call: Call) => string;
  /** The result of an option for a call; `undefined` if the option is not given, or throws, which is counted. */
  readonly read: <T>(option: ((call: never) => T) | undefined, call: Call) => T | undefined;
}

/** The options that every preset has. */
export type PresetOption = 'labels' | keyof PresetOptions;

/** The options that every preset has, apart from its labels. */
export interface PresetOptions<C extends Call = Call>
  extends DecoratorOptions<C['instance']>,
    ExemplarOption<C> {}

/** The parts in which the presets differ. */
export interface PresetMaker<Recorder, Started> {
  readonly decorator: string;
  /** The metrics that it records. Messages name the first one. */
  readonly definitions: readonly [MetricDefinition, ...MetricDefinition[]];
  /** Its labels, with the defaults for those that neither the method nor the class sets. */
  readonly labels: Readonly<Record<string, (call: Call, site: MethodSite) => string>>;
  /** The options of this preset alone. */
  readonly ownOptions: Readonly<Record<string, true>>;
  readonly recorderIn: (registry: AnyRegistry) => Recorder;
  readonly observer: (preset: Preset<Recorder>) => CallObserver<Started>;
}

/** Makes the decorator of a preset. @throws ERR_METRICS_INVALID_OPTION, ERR_METRICS_DEFINITION_CONFLICT */
export function presetDecorator<Recorder, Started, This, Args extends unknown[], Result>(
  { decorator, definitions, labels, ownOptions, recorderIn, observer }: PresetMaker<Recorder, Started>,
  options: PresetOptions<never> & { readonly labels?: object },
): DualModeMethodDecorator<This, Args, Result> {
  checkOptions(decorator, options, Object.keys(labels), ownOptions);
  const given = (options.labels ?? {}) as Readonly<Record<string, unknown>>;
  const [first] = definitions;
  const finder = bindingFinder(decorator, definitions, options.registry, (registry) => ({
    registry,
    recorder: recorderIn(registry),
  }));
  const recorderOf: Preset<Recorder>['recorderOf'] = (call) => {
    try {
      return finder.bindingOf(call);
    } catch (error) {
      // The registry function itself failed: report to the shared registry.
      sharedRegistry.recordingFailed(first.name, 'registry', error);
      return undefined;
    }
  };
  const failed = (call: Call, reason: string, error: unknown): void =>
    recorderOf(call)?.registry.recordingFailed(first.name, reason, error);
  const metrics = definitions.map((definition) => metricOf(decorator, definition, given));
  return methodDecorator(metrics as [MethodMetric, ...MethodMetric[]], (site) => {
    const unnamed = Object.keys(labels).find(
      (name) => labels[name] === methodName && given[name] === undefined && site.method === '',
    );
    if (unnamed !== undefined) throw anonymous(decorator, `labels: { ${unnamed}: 'plan' }`);
    const read = <T>(option: ((call: never) => T) | undefined, call: Call): T | undefined => {
      try {
        return option?.(call as never);
      } catch (error) {
        failed(call, 'value', error);
        return undefined;
      }
    };
    const ofClass = Object.fromEntries(Object.keys(labels).map((name) => [name, fromClass(name)]));
    const label = (name: string, call: Call): string => {
      try {
        const source = given[name];
        if (typeof source === 'string') return source;
        const value: unknown = typeof source === 'function' ? source(call) : source;
        if (value !== undefined) return labelText(value, name, first.name);
        return ofClass[name]?.(call) || (labels[name]?.(call, site) ?? '');
      } catch (error) {
        failed(call, 'label', error);
        // Recording the event without one label is better than not recording it.
        return '';
      }
    };
    const bound: CallObserver = {
      ...withExemplar(erased(observer({ read, recorderOf, label })), options.exemplar),
      handlesRejections: options.handlesRejections,
      // With all metrics off, the request scope of a preset serves nothing either.
      isOff: (instance, declaration) => isDisabled(finder, instance, declaration),
    };
    return options.ignore === undefined ? bound : ignoring(bound, options.ignore as readonly ErrorClass[]);
  });
}

/** The counters and histograms that are recorded at the end of a call get the labels of the option. */
function withExemplar(observer: CallObserver, exemplar: RecordingSource['source'] | undefined): CallObserver {
  const { end } = observer;
  if (exemplar === undefined || end === undefined) return observer;
  noteSource();
  return {
    ...observer,
    end: (call, started) => recordWith({ source: exemplar, argument: call }, () => end(call, started)),
  };
}

function isDisabled(
  { bindingAt }: BindingFinder<RegistryBinding>,
  ...at: Parameters<NonNullable<CallObserver['isOff']>>
): boolean {
  try {
    return bindingAt?.(...at)?.registry.isEnabled === false;
  } catch {
    return false;
  }
}

/** The default of a label: the name of the method. */
export function methodName(_call: Call, site: MethodSite): string {
  return site.method;
}

/** The default of a label: empty, which is the same as an absent label. */
export function absent(): string {
  return '';
}

/** A metric of a preset, as `getInstrumentation` lists it. */
function metricOf(
  decorator: string,
  definition: MetricDefinition,
  given: Readonly<Record<string, unknown>>,
): MethodMetric {
  const staticLabels = Object.keys(definition.labels).flatMap((name) => {
    const source = given[name];
    return source === undefined || typeof source === 'function' ? [] : [[name, String(source)] as const];
  });
  return { decorator, definition, staticLabels: Object.freeze(Object.fromEntries(staticLabels)) };
}

const commonOptionNames = {
  labels: true,
  registry: true,
  ignore: true,
  handlesRejections: true,
  exemplar: true,
} satisfies OptionNames<PresetOptions & { labels: object }>;

function checkOptions(
  decorator: string,
  options: object,
  labels: readonly string[],
  ownOptions: Readonly<Record<string, true>>,
): void {
  const where = `@${decorator}`;
  checkOptionNames<object>(where, options, { ...commonOptionNames, ...ownOptions });
  const given: Partial<Record<'labels' | 'ignore' | 'exemplar', unknown>> = options;
  if (given.ignore !== undefined) checkErrorClasses(decorator, 'ignore', given.ignore);
  checkFunctionOption(decorator, 'exemplar', given.exemplar);
  if (given.labels === undefined) return;
  if (typeof given.labels !== 'object' || given.labels === null)
    throw invalidOption(where, 'labels', 'an object with a source per label', given.labels);
  const unknown = Object.keys(given.labels).find((name) => !labels.includes(name));
  if (unknown === undefined) return;
  throw metricsError(
    'ERR_METRICS_INVALID_OPTION',
    `Invalid \`labels\` of ${where}: expected some of ${labels.join(', ')}, received an unknown label \`${unknown}\`.${didYouMean(unknown, labels)}`,
  );
}
