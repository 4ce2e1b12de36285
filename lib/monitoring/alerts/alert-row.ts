/** Alerts as rows: what is particular to one alert. The rest is filled in from its subject, its texts in `runbooks/` and the settings. */
import type { HistogramDefinition } from '../../definition.js';
import type { Alert, AlertCase } from '../model.js';
import { jobScope, promql } from '../promql/builder.js';
import { type BundleSettings, holdOf } from '../settings.js';
import { alertTexts } from './alert-texts.js';
import { above, growing, steady } from './series-values.js';

export type Series = AlertCase['series'];
type Labels = Readonly<Record<string, string>>;

/** Bad events below which their share says nothing: one or two are a matter of chance. */
export const minBad = Object.freeze({ page: 5, ticket: 3 });

export interface AlertRow extends Pick<AlertCase, 'atMinutes'> {
  readonly name: string;
  /** Default: `ticket`. */
  readonly severity?: Alert['severity'];
  readonly expression: string;
  /** Seconds for which the expression must hold. Default: 0. */
  readonly hold?: number;
  /** Values in its texts, beside the thresholds. */
  readonly texts?: Readonly<Record<string, string | number>>;
  /** Labels of each alert that fires, beside `job`, which is the service unless it is given. Default: one alert without others. */
  readonly labels?: Labels | readonly Labels[];
  /** Series on which it fires. */
  readonly fires: Series;
  /** Series on which it does not. */
  readonly quiet: Series;
  /** Default: `atMinutes`. */
  readonly quietAtMinutes?: number;
  /** Of both cases. Default: a minute each. */
  readonly times?: Pick<AlertCase, 'intervalSeconds' | 'evaluationSeconds'>;
}

/** The alerts of a subject, with the texts of the sections of their names. */
export function alertsOf(
  settings: BundleSettings,
  shared: Pick<Alert, 'subject' | 'dashboard'>,
  rows: readonly AlertRow[],
): Alert[] {
  const { job } = settings;
  return rows.map((row) => {
    const {
      severity = 'ticket',
      hold = 0,
      labels = {},
      texts,
      fires,
      quiet,
      atMinutes,
      quietAtMinutes = atMinutes,
      times = {},
      ...rest
    } = row;
    return {
      ...shared,
      ...rest,
      severity,
      forSeconds: holdOf(settings, hold),
      ...alertTexts(settings, shared.subject, row.name, texts),
      tests: {
        fires: {
          ...times,
          series: fires,
          atMinutes,
          labels: [labels].flat().map((own: Labels) => ({ job, ...own })),
        },
        quiet: { ...times, series: quiet, atMinutes: quietAtMinutes },
      },
    };
  });
}

/** The cases of a gauge: at one value it fires, at another it does not. */
export function levels(
  series: string,
  firing: number,
  quiet: number,
  atMinutes: number,
): Pick<AlertRow, 'atMinutes' | 'fires' | 'quiet'> {
  const at = (value: number): Series => ({ [series]: steady(value, atMinutes + 10) });
  return { atMinutes, fires: at(firing), quiet: at(quiet) };
}

/** A share of bad events with two limits: the higher one pages, the lower one makes a ticket. */
export interface ShareRow extends Pick<AlertRow, 'atMinutes' | 'labels'> {
  /** The page; the ticket's name ends with `Elevated`. */
  readonly name: string;
  readonly pageLimit: number;
  readonly ticketLimit: number;
  readonly pageHold: number;
  /** @param minimumBad bad events below which the share says nothing */
  expression(limit: number, minimumBad: number): string;
  series(badShare: number, kind: 'fires' | 'quiet'): Series;
}

export function shareAlerts(row: ShareRow): AlertRow[] {
  return (['page', 'ticket'] as const).map((severity) => {
    const isPage = severity === 'page';
    const limit = isPage ? row.pageLimit : row.ticketLimit;
    return {
      name: isPage ? row.name : `${row.name}Elevated`,
      severity,
      expression: row.expression(limit, minBad[severity]),
      hold: isPage ? row.pageHold : 900,
      atMinutes: row.atMinutes,
      labels: row.labels ?? {},
      fires: row.series(above(limit), 'fires'),
      quiet: row.series(limit / 2, 'quiet'),
    };
  });
}

/** A recorded 95th percentile of a duration over a limit. */
export interface SlowRow extends Pick<AlertRow, 'name'> {
  readonly definition: HistogramDefinition;
  /** The level of the record and the label that it is by: `job_route` and `route`. */
  readonly level: string;
  readonly by: string;
  /** Seconds. */
  readonly limit: number;
  /** Observations within five minutes below which a percentile says nothing. */
  readonly minimum: number;
  /** Labels of the series of both cases. */
  readonly seriesLabels: Labels;
  /** Further series of the healthy case. */
  readonly besideQuiet?: Series;
}

export function slowAlert(settings: BundleSettings, row: SlowRow): AlertRow {
  const { joined, selector, increase, record } = promql(jobScope(settings));
  const { definition, level, by, limit, minimum, seriesLabels, besideQuiet = {} } = row;
  const pace = (2 * minimum) / 5;
  const series = (fast: number): Series => {
    const bucket = (le: string) => selector(definition, { ...seriesLabels, le }, '_bucket');
    return {
      [bucket(String(definition.buckets[0]))]: growing(fast, 40),
      [bucket(String(definition.buckets.at(-1)))]: growing(fast, 40),
      [bucket('+Inf')]: growing(pace, 40),
      [selector(definition, seriesLabels, '_count')]: growing(pace, 40),
    };
  };
  const observed = increase(definition, [by], { window: 300 });
  return {
    name: row.name,
    expression: joined(`${record(`${level}:${definition.name}:p95_rate5m`)} > ${limit}`, [
      'and',
      [by],
      `${observed} >= ${minimum}`,
    ]),
    hold: 600,
    atMinutes: 30,
    labels: { [by]: seriesLabels[by] ?? '' },
    fires: series(0),
    quiet: { ...series(pace), ...besideQuiet },
  };
}
