/** Expressions about the service alone, from which the alerts are built. */
import type { MetricDefinition } from '../../definition.js';
import { type Matches, type Part, selector, sumBy } from '../promql/expression.js';
import { type BundleSettings, windowOf } from '../settings.js';
import { up } from '../third-party-metrics.js';

/** Expressions with the label `job` of the service. */
export interface InJob {
  /** A selector; in the cases of an alert, a series. */
  select(definition: MetricDefinition, matches?: Matches, part?: Part): string;
  /** A series that a recording rule keeps, with a further matcher as it stands. */
  record(name: string, matcher?: string): string;
  /** A window in PromQL, from seconds. */
  window(seconds: number): string;
  /** How many events a window of seconds had, by job and labels: of counters that grow all the time. */
  increase: CountEvents;
  /**
   * The same for rare events. Prometheus sees no increase in the first sample of a series, and a rare event often is the first: a
   * series that appeared within the window counts in full if its process was scraped before (otherwise the process is new), unless
   * the series was there already and stands no lower: then only scrapes are missing.
   */
  events: CountEvents;
}

type CountEvents = (
  definition: MetricDefinition,
  by: readonly string[],
  seconds: number,
  matches?: Matches,
  part?: Part,
) => string;

export function inJob(settings: BundleSettings): InJob {
  const select: InJob['select'] = (definition, matches = {}, part) =>
    selector(definition, { job: settings.job, ...matches }, part);
  const window = (seconds: number): string => windowOf(settings, seconds);
  return {
    select,
    record: (name, matcher) =>
      `${name}{job=${JSON.stringify(settings.job)}${matcher === undefined ? '' : `,${matcher}`}}`,
    window,
    increase: (definition, by, seconds, matches, part) =>
      sumBy(['job', ...by], `increase(${select(definition, matches, part)}[${window(seconds)}])`),
    events: (definition, by, seconds, matches, part) => {
      const [selected, past] = [select(definition, matches, part), window(seconds)];
      const isBack = `last_over_time(${selected}[${past}] offset ${past}) <= ${selected}`;
      const isNew = `${selected} unless ${selected} offset ${past} unless ${isBack}`;
      return sumBy(
        ['job', ...by],
        `((${isNew}) and on (job, instance) ${select(up)} offset ${past} == 1) or increase(${selected}[${past}])`,
      );
    },
  };
}

/** `(first) <operator> on (job, …) (other)`, for each of the others in turn. */
export function joined(
  first: string,
  ...others: readonly (readonly [operator: 'and' | 'unless', by: readonly string[], other: string])[]
): string {
  return others.reduce(
    (left, [operator, by, other]) => `(${left}) ${operator} on (${['job', ...by].join(', ')}) (${other})`,
    first,
  );
}

/** Bad events below which their share says nothing: one or two are a matter of chance. */
export const minBad = Object.freeze({ page: 5, ticket: 3 });

/** A share of bad events; nothing where there are too few of them, or too few events in all. */
export function shareOf(part: string, whole: string, minimum: number): string {
  return `(${part} >= ${minBad.ticket}) / (${whole} >= ${minimum})`;
}

/** `5%` of 0.05, for texts. */
export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(4))}%`;
}
