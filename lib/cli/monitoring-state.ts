/** What Prometheus knows of targets and alerts, and what of it has changed. */
import { type Paint, printable } from './paint.js';

/** Key -> what is said of it: a target's health, an alert that fires. */
export type MonitoringState = ReadonlyMap<string, StateLine>;

export interface StateLine {
  readonly text: string;
  /** What counts as a change; a text may hold numbers that always do. */
  readonly mark: string;
  readonly isGood: boolean;
  /** What is said once it is no longer there. */
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

/** @throws where Prometheus does not answer */
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
      mark: health,
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
      mark: firing,
      isGood: severity === 'none',
      gone: `${named} resolved`,
    });
  }
  return state;
}

/** Lines for what is new, other or gone. */
export function stateChanges(before: MonitoringState, after: MonitoringState, paint: Paint): string[] {
  const changes = [...after]
    .filter(([key, { mark }]) => before.get(key)?.mark !== mark)
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
