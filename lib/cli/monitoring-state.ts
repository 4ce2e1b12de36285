/** The health of Prometheus' targets and the firing alerts, and how they have changed. */
import { type Paint, printable } from './paint.js';

/** A target or a firing alert, by its labels -> its state. */
export type MonitoringState = ReadonlyMap<string, StateLine>;

/** The state of a target or an alert. */
export interface StateLine {
  /** The line that is printed when it changes. */
  readonly text: string;
  /** The part that is compared: `text` may contain numbers that change at every poll. */
  readonly compared: string;
  readonly isGood: boolean;
  /** The line that is printed when it is gone. */
  readonly gone: string;
}

interface TargetsAnswer {
  readonly data: {
    readonly activeTargets: readonly {
      readonly labels: Readonly<Record<string, string>>;
      readonly health: string;
      readonly lastError: string;
    }[];
  };
}

interface AlertsAnswer {
  readonly data: {
    readonly alerts: readonly {
      readonly labels: Readonly<Record<string, string>>;
      readonly annotations: Readonly<Record<string, string>>;
      readonly state: string;
    }[];
  };
}

/** @throws an Error if Prometheus does not respond */
export async function monitoringState(url: string, signal: AbortSignal): Promise<MonitoringState> {
  const [targets, alerts] = await Promise.all([
    asked<TargetsAnswer>(`${url}/api/v1/targets?state=active`, signal),
    asked<AlertsAnswer>(`${url}/api/v1/alerts`, signal),
  ]);
  const state = new Map<string, StateLine>();
  for (const { labels, health, lastError } of targets.data.activeTargets) {
    // Not scraped yet.
    if (health === 'unknown') continue;
    const target = `target ${labels.job ?? ''} ${labels.instance ?? ''}`;
    const isGood = health === 'up';
    state.set(target, {
      text: `${target} ${health}${lastError === '' ? '' : `: ${lastError}`}`,
      compared: health,
      isGood,
      gone: `${target} gone`,
    });
  }
  for (const { labels, annotations, state: firing } of alerts.data.alerts) {
    if (firing !== 'firing') continue;
    const { alertname = '', severity = '' } = labels;
    const own = Object.entries(labels)
      .filter(([name]) => !['alertname', 'severity', 'subject', 'service', 'job'].includes(name))
      .map(([name, value]) => `${name}=${value}`);
    const named = [`alert ${alertname}`, ...own].join(' ');
    const summary = annotations.summary === undefined ? '' : `: ${annotations.summary}`;
    state.set(`alert ${JSON.stringify(Object.entries(labels).sort())}`, {
      text: `${named} firing${severity === '' ? '' : ` (${severity})`}${summary}`,
      compared: firing,
      isGood: severity === 'none',
      gone: `${named} resolved`,
    });
  }
  return state;
}

/** The lines for targets and alerts that are new, changed or gone. */
export function stateChanges(before: MonitoringState, after: MonitoringState, paint: Paint): string[] {
  const changes = [...after]
    .filter(([key, { compared }]) => before.get(key)?.compared !== compared)
    .map(([, { text, isGood }]) => (isGood ? paint.green : paint.yellow)(printable(text)));
  const gone = [...before]
    .filter(([key]) => !after.has(key))
    .map(([, line]) => paint.green(printable(line.gone)));
  return [...changes, ...gone];
}

async function asked<Answer>(url: string, signal: AbortSignal): Promise<Answer> {
  const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]) });
  if (!response.ok)
    throw new Error(`Cannot read \`${url}\`: expected status 200, received ${response.status}.`);
  return (await response.json()) as Answer;
}
