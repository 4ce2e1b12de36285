/** What the bundle is made of, as data: every file of it is written from these. */

export const severities = ['page', 'ticket', 'info', 'none'] as const;

/** How urgent an alert is: `page` wakes someone, `ticket` waits for the morning, `info` can wait; `none` is for the Watchdog. */
export type Severity = (typeof severities)[number];

export const subjects = [
  'targets',
  'workflow',
  'provider',
  'platform',
  'http',
  'process',
  'pipeline',
  'slo',
  'own',
] as const;

/** What alerts, panels and runbooks are sorted by. */
export type Subject = (typeof subjects)[number];

/** Dashboards. In Grafana the uid of each begins with the service: `shop-overview`. */
export const dashboardNames = ['overview', 'workflows', 'ai', 'delivery', 'http', 'slo', 'pipeline'] as const;

/** One of the dashboards: `http` is there for a service without `platform`, whose requests are on `delivery`. */
export type DashboardName = (typeof dashboardNames)[number];

/** A series that Prometheus computes and keeps: `level:metric:operations`. */
export interface RecordingRule {
  readonly record: string;
  /** PromQL. */
  readonly expression: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** What an alert means, and what to do: a section of the runbooks. */
export interface Runbook {
  /** What is wrong, and for whom, in a sentence or two. */
  readonly meaning: string;
  /** The first query to run: PromQL. */
  readonly query: string;
  /** Likely causes, the likeliest first. */
  readonly causes: readonly string[];
  /** What to do, in order. */
  readonly actions: readonly string[];
}

/** Crafted series for `promtool test rules`: its notation of values, `0+10x60` for instance. */
export interface AlertCase {
  /** Series -> values, one a minute unless `intervalSeconds` says otherwise. */
  readonly series: Readonly<Record<string, string>>;
  /** Seconds between two values. Default: 60. */
  readonly intervalSeconds?: number;
  /** Seconds between two evaluations of the rules: cases that go on for days are evaluated less often. Default: 60. */
  readonly evaluationSeconds?: number;
  /** Minutes after the first value at which it is looked. */
  readonly atMinutes: number;
  /** Labels of each alert that fires then, beside those of the rule; ignored by a case that stays quiet. */
  readonly labels?: readonly Readonly<Record<string, string>>[];
}

export interface Alert {
  /** CamelCase. */
  readonly name: string;
  readonly subject: Subject;
  readonly severity: Severity;
  /** PromQL. */
  readonly expression: string;
  /** Seconds for which it must hold before it fires. */
  readonly forSeconds: number;
  /** Labels beside `severity` and `subject`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** One line, with `{{ $labels.x }}`. */
  readonly summary: string;
  /** With the values: `{{ $value | humanizePercentage }}`. */
  readonly description: string;
  readonly dashboard: DashboardName;
  readonly runbook: Runbook;
  /** A series on which it fires, and a healthy one on which it does not. */
  readonly tests: { readonly fires: AlertCase; readonly quiet: AlertCase };
}

export interface RuleGroup {
  readonly name: string;
  /** The file it stands in, without folder and ending: `recording`, `slo`, `alerts-provider`. */
  readonly file: string;
  /** Default: the evaluation interval of the bundle. */
  readonly intervalSeconds?: number;
  readonly rules: readonly (RecordingRule | Alert)[];
}

/** A query of a panel, for validation and coverage. */
export interface PanelQuery {
  readonly dashboard: DashboardName;
  readonly panel: string;
  /** PromQL with Grafana's variables in it. */
  readonly expression: string;
}

/** A file of the bundle. */
export interface BundleFile {
  /** With `/`, relative to the folder of the bundle. */
  readonly path: string;
  readonly content: string;
  /** `true`: a placeholder that the user fills in. It is written where there is none, and never over what is there. */
  readonly placeholder?: boolean;
}

export function isAlert(rule: RecordingRule | Alert): rule is Alert {
  return 'name' in rule;
}
