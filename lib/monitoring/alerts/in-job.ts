/** Expressions about the service alone, as the alerts are built of them. */
import type { MetricDefinition } from '../../definition.js';
import { type Matches, type Part, selector, sumBy } from '../promql/expression.js';
import { type BundleSettings, windowOf } from '../settings.js';
import { up } from '../third-party-metrics.js';

/** What is within the label `job` of the service. */
export interface InJob {
  /** A selector; of a case's crafted series it is the series. */
  of(definition: MetricDefinition, matches?: Matches, part?: Part): string;
  /** A series that a recording rule keeps, with a further matcher as it stands. */
  record(name: string, matcher?: string): string;
  /** A window in PromQL, from seconds. */
  window(seconds: number): string;
  /** A gauge summed by job and labels. */
  sum(definition: MetricDefinition, by: readonly string[], matches?: Matches): string;
  /** How many events a window of seconds had, by job and labels: of counters that grow all the time. */
  increase(
    definition: MetricDefinition,
    by: readonly string[],
    seconds: number,
    matches?: Matches,
    part?: Part,
  ): string;
  /**
   * The same of rare events. Prometheus sees no increase in the first sample of a series, and what is rare mostly is a first: a
   * series that came within the window counts in full, if its process was scraped before (else the process is what is new), and
   * unless it had been there already and stands no lower: that is a gap of scrapes.
   */
  events(
    definition: MetricDefinition,
    by: readonly string[],
    seconds: number,
    matches?: Matches,
    part?: Part,
  ): string;
}

export function inJob(settings: BundleSettings): InJob {
  const of: InJob['of'] = (definition, matches = {}, part) =>
    selector(definition, { job: settings.job, ...matches }, part);
  const window = (seconds: number): string => windowOf(settings, seconds);
  return {
    of,
    record: (name, matcher) =>
      `${name}{job=${JSON.stringify(settings.job)}${matcher === undefined ? '' : `,${matcher}`}}`,
    window,
    sum: (definition, by, matches) => sumBy(['job', ...by], of(definition, matches)),
    increase: (definition, by, seconds, matches, part) =>
      sumBy(['job', ...by], `increase(${of(definition, matches, part)}[${window(seconds)}])`),
    events: (definition, by, seconds, matches, part) => {
      const [selected, past] = [of(definition, matches, part), window(seconds)];
      const isBack = `last_over_time(${selected}[${past}] offset ${past}) <= ${selected}`;
      const isNew = `${selected} unless ${selected} offset ${past} unless ${isBack}`;
      return sumBy(
        ['job', ...by],
        `((${isNew}) and on (job, instance) ${of(up)} offset ${past} == 1) or increase(${selected}[${past}])`,
      );
    },
  };
}

/** `left <operator> on (job, …) right`, each side in brackets. */
export function joined(
  left: string,
  operator: 'and' | 'unless',
  by: readonly string[],
  right: string,
): string {
  return `(${left}) ${operator} on (${['job', ...by].join(', ')}) (${right})`;
}

/** Bad events below which a share of them says nothing: one or two are a matter of chance. */
export const fewestBad = Object.freeze({ page: 5, ticket: 3 });

/** A share of bad events; nothing where there are too few of them, or too few events in all. */
export function shareOf(part: string, whole: string, minimum: number): string {
  return `(${part} >= ${fewestBad.ticket}) / (${whole} >= ${minimum})`;
}

/** `5%` of 0.05, for texts. */
export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(4))}%`;
}
