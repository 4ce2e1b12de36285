/** What the presets share: several metrics of the catalogue on one method, recorded as the recorders do. */
import type { MetricDefinition } from '../../lib/definition.js';
import { metricsError, nearest, shown } from '../../lib/errors.js';
import { labelText } from '../../lib/instruments/label-values.js';
import type { AnyRegistry } from '../../lib/registry.js';
import { sharedRegistry } from '../../lib/registry.js';
import type { Call } from '../call.js';
import { checkErrorClasses, type ErrorClass, ignoring } from '../error-classes.js';
import type { MethodMetric } from '../metadata.js';
import { type DualModeMethodDecorator, methodDecorator } from '../method-decorator.js';
import type { MethodSite } from '../method-site.js';
import { anonymous, type CommonOptions, checkOptionNames } from '../metric-decorator.js';
import type { CallObserver } from '../observed-call.js';
import { fromClass } from '../recording/class-settings.js';
import type { Source } from '../recording/label-sources.js';
import { type BindingFinder, bindingFinder, type RegistryBinding } from '../recording/registry-binding.js';

/** Sources for some of the labels of a preset. */
export type PresetLabels<Names extends string, C> = {
  readonly [Name in Names]?: Source<string | number | boolean, C>;
};

/** A preset, and where it stands. */
export interface Preset<Recorder> {
  /** The recorder of a call's registry; `undefined` where it cannot be had, which is noted. */
  readonly recorderOf: (call: Call) => (RegistryBinding & { readonly recorder: Recorder }) | undefined;
  /** The value of a label for a call: what its source gives, else what the class says, else the default. */
  readonly label: (name: string, call: Call) => string;
  /** What an option makes of a call; `undefined` where it is not given or fails, which is noted. */
  readonly read: <T>(option: ((call: never) => T) | undefined, call: Call) => T | undefined;
  readonly site: MethodSite;
}

export interface PresetMaker<Recorder> {
  readonly decorator: string;
  /** The metrics that it records, the first one for messages. */
  readonly definitions: readonly [MetricDefinition, ...MetricDefinition[]];
  /** Its labels, and what they are where neither the method nor the class says. */
  readonly labels: Readonly<Record<string, (call: Call, site: MethodSite) => string>>;
  /** Options of its own beside `labels`, `registry` and `ignore`. */
  readonly ownOptions: readonly string[];
  readonly recorderIn: (registry: AnyRegistry) => Recorder;
  readonly observer: (preset: Preset<Recorder>) => CallObserver;
}

/** Makes the decorator of a preset. @throws ERR_METRICS_INVALID_OPTION, ERR_METRICS_DEFINITION_CONFLICT */
export function presetDecorator<Recorder, This, Args extends unknown[], Result>(
  { decorator, definitions, labels, ownOptions, recorderIn, observer }: PresetMaker<Recorder>,
  options: CommonOptions<never> & { readonly labels?: object },
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
      // It is the registry that fails: the shared one hears of it.
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
    // As with the decorators of one metric: `@Instrumented` cannot find a private method to say where it records.
    if (!site.private) finder.bindSoon();
    const read = <T>(option: ((call: never) => T) | undefined, call: Call): T | undefined => {
      try {
        return option?.(call as never);
      } catch (error) {
        failed(call, 'value', error);
        return undefined;
      }
    };
    const label = (name: string, call: Call): string => {
      try {
        const source = given[name];
        const value: unknown = typeof source === 'function' ? source(call) : source;
        return value === undefined
          ? fromClass(name)(call) || (labels[name]?.(call, site) ?? '')
          : labelText(value, name, first.name);
      } catch (error) {
        failed(call, 'label', error);
        // An event without one label is better than no event.
        return '';
      }
    };
    const observing = observer({ site, read, recorderOf, label });
    const bound: CallObserver = {
      ...observing,
      bind: finder.bind,
      handlesRejections: options.handlesRejections,
      // What a preset does beside its metrics, such as naming the requests within a call, is for other metrics.
      isOff: (instance, declaration) => isDisabled(finder, instance, declaration),
    };
    return options.ignore === undefined ? bound : ignoring(bound, options.ignore as readonly ErrorClass[]);
  });
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

/** The default of a label that is the name of the method. */
export function methodName(_call: Call, site: MethodSite): string {
  return site.method;
}

/** A metric of a preset as `getInstrumentation` shows it. */
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

function checkOptions(
  decorator: string,
  options: unknown,
  labels: readonly string[],
  ownOptions: readonly string[],
): void {
  if (typeof options !== 'object' || options === null) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid argument of @${decorator}: expected options or nothing, received ${shown(options)}.`,
    );
  }
  checkOptionNames(decorator, options, ['labels', 'registry', 'ignore', 'handlesRejections', ...ownOptions]);
  const given: Partial<Record<'labels' | 'ignore', unknown>> = options;
  if (given.ignore !== undefined) checkErrorClasses(decorator, 'ignore', given.ignore);
  if (given.labels === undefined) return;
  if (typeof given.labels !== 'object' || given.labels === null) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`labels\` of @${decorator}: expected sources by label, received ${shown(given.labels)}.`,
    );
  }
  for (const name of Object.keys(given.labels)) {
    if (labels.includes(name)) continue;
    const meant = nearest(name, labels);
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`labels\` of @${decorator}: expected some of ${labels.join(', ')}, received an unknown label \`${name}\`.${meant === undefined ? '' : ` Did you mean \`${meant}\`?`}`,
    );
  }
}
