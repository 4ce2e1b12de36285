/** The data that every file of the bundle is written from. */

/** Severities of an alert, the most urgent first. */
export const severities = Object.freeze(['page', 'ticket', 'info', 'none'] as const);

/**
 * The urgency of an alert: `page` wakes someone, `ticket` waits for working hours, `info` needs no action. `none` is for
 * the Watchdog, which always fires.
 */
export type AlertSeverity = (typeof severities)[number];

/** Subjects that alerts, panels and runbooks are grouped by. */
export const subjects = Object.freeze([
  'targets',
  'workflow',
  'provider',
  'platform',
  'http',
  'process',
  'pipeline',
  'slo',
  'own',
] as const);

/** The subject of an alert: the value of its label `subject`, and the name of its runbook file. `own`: alerts of the user. */
export type Subject = (typeof subjects)[number];

/** Dashboards of the bundle. In Grafana, the uid of each starts with the service: `shop-overview`. */
export const dashboardNames = Object.freeze([
  'overview',
  'workflows',
  'ai',
  'delivery',
  'http',
  'slo',
  'pipeline',
] as const);

/** A dashboard of the bundle. `http` is only generated without the part `platform`: with it, `delivery` shows the requests. */
export type DashboardName = (typeof dashboardNames)[number];

/**
 * A series that Prometheus computes and stores.
 * @see https://prometheus.io/docs/practices/rules/
 */
export interface RecordingRule {
  /** Name of the series: `level:metric:operations`. */
  readonly record: string;
  /** PromQL. */
  readonly expression: string;
  /** Labels to add to the series. Default: none. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** What an alert means and what to do: one section of the runbooks. */
export interface Runbook {
  /** What is wrong and who is affected, in one or two sentences. */
  readonly meaning: string;
  /** The first query to run, in PromQL. */
  readonly query: string;
  /** Likely causes, the most likely first. */
  readonly causes: readonly string[];
  /** What to do, in order. */
  readonly actions: readonly string[];
}

/**
 * A test of an alert for `promtool test rules`: input series, in promtool's notation (`0+10x60`), and when to look.
 * @see https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/
 */
export interface AlertCase {
  /** Values by series, one per minute unless `intervalSeconds` says otherwise. */
  readonly series: Readonly<Record<string, string>>;
  /** Seconds between two values. Default: 60. */
  readonly intervalSeconds?: number;
  /** Seconds between two evaluations of the rules. Use a longer interval for tests that span days. Default: 60. */
  readonly evaluationSeconds?: number;
  /** When the alert is checked, in minutes after the first value. */
  readonly atMinutes: number;
  /** Labels of each alert that fires, without those of the rule. Not used by `quiet`. Default: one alert without labels. */
  readonly labels?: readonly Readonly<Record<string, string>>[];
}

/** An alert with its runbook and its tests. */
export interface Alert {
  /** Name in CamelCase. */
  readonly name: string;
  /** Subject, which is also a label of the alert. */
  readonly subject: Subject;
  /** Urgency, which is also a label: Alertmanager routes by it. */
  readonly severity: AlertSeverity;
  /** PromQL. */
  readonly expression: string;
  /** How long the expression must hold before the alert fires, in seconds. 0: fire immediately. */
  readonly forSeconds: number;
  /** Labels besides `severity`, `subject` and `service`. Default: none. */
  readonly labels?: Readonly<Record<string, string>>;
  /** One line, may use `{{ $labels.x }}`. */
  readonly summary: string;
  /** Details with the values, as in `{{ $value | humanizePercentage }}`. */
  readonly description: string;
  /** The dashboard that the notification links to. */
  readonly dashboard: DashboardName;
  /** What the alert means and what to do. */
  readonly runbook: Runbook;
  /** Series for which the alert fires, and series of a healthy service, for which it does not. */
  readonly tests: { readonly fires: AlertCase; readonly quiet: AlertCase };
}

/** A group of rules: Prometheus evaluates them in order. */
export interface RuleGroup {
  readonly name: string;
  /** Its file in `prometheus/rules`, without extension: `recording`, `slo`, `alerts-provider`. */
  readonly file: string;
  /** Default: the evaluation interval of the bundle. */
  readonly intervalSeconds?: number;
  readonly rules: readonly (RecordingRule | Alert)[];
}

/** A query of a panel, for validation and coverage. */
export interface PanelQuery {
  readonly dashboard: DashboardName;
  /** Title of the panel. */
  readonly panel: string;
  /** PromQL with Grafana's variables. */
  readonly expression: string;
}

/** A file of the bundle. */
export interface BundleFile {
  /** Path relative to the folder of the bundle, with `/` on every system. */
  readonly path: string;
  /** Text of the file. */
  readonly content: string;
  /** `true`: a placeholder for the user to fill in. `writeBundle` never overwrites an existing one. Default: false. */
  readonly placeholder?: boolean;
}

/** Whether a rule is an alert and not a recording rule. */
export function isAlert(rule: RecordingRule | Alert): rule is Alert {
  return 'name' in rule;
}
