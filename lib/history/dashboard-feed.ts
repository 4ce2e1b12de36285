/** Makes the events and answers of the feed from the histories of targets. */
import type { AlertRule } from './alert-rules.js';
import { type AlertStates, alertStates } from './alert-states.js';
import type {
  AlertState,
  FeedEvent,
  HelloEvent,
  HistoryAnswer,
  MetricHistory,
  SampleEvent,
  TargetFeed,
  TargetStatus,
} from './feed.js';
import { type HistoryRange, metricHistory, newestValues } from './history-answer.js';
import { type HistoryQuery, queriedHistory } from './history-query.js';
import { metricMetas } from './metric-meta.js';
import { missingHints, sectionsOf } from './panels/sections.js';
import { type SpacedAnswers, spacedAnswers } from './spaced-answers.js';
import type { DashboardTarget } from './target.js';

export interface DashboardFeedOptions {
  readonly title: string;
  readonly targets: readonly DashboardTarget[];
  /** Alerts to evaluate. */
  readonly rules: readonly AlertRule[];
  /** Changes when the server restarts. */
  readonly run: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface DashboardFeed {
  readonly targets: readonly DashboardTarget[];
  /**
   * Sends the events of the feed until the returned function is called.
   * @param metrics metrics to send beside those of the panels
   */
  connect(metrics: readonly string[], send: (event: FeedEvent) => void): () => void;
  history(target: DashboardTarget, names: readonly string[], range: HistoryRange): HistoryAnswer;
  query(target: DashboardTarget, query: HistoryQuery, range: HistoryRange): Promise<HistoryAnswer>;
  /** Ends the readings. */
  stop(): Promise<void>;
}

/** What is kept of a target between two readings. */
interface Watched {
  readonly target: DashboardTarget;
  readonly alerts: AlertStates;
  alertsNow: AlertState[];
  health: TargetStatus['health'];
  /** When the alerts were evaluated, and health checks run. */
  judgedAt: number;
  /** The metrics of the panels. */
  shown: { readonly revision: number; readonly names: readonly string[] };
}

export function dashboardFeed({ title, targets, rules, run, now }: DashboardFeedOptions): DashboardFeed {
  const watched = targets.map(
    (target): Watched => ({
      target,
      // The limits of other endpoints are not known.
      alerts: alertStates(target.history, target.isOwn ? rules : []),
      alertsNow: [],
      health: undefined,
      judgedAt: Number.NEGATIVE_INFINITY,
      shown: { revision: -1, names: [] },
    }),
  );
  /** Open pages repeat their queries every few seconds. */
  const spaced = new Map<DashboardTarget, SpacedAnswers<MetricHistory>>(
    targets.map((target) => [target, spacedAnswers()]),
  );
  let pages = 0;
  /** Evaluates the alerts and runs the checks, but not at every reading. */
  const judge = async (each: Watched, time: number): Promise<void> => {
    // The clock may have been set back.
    if (Math.abs(time - each.judgedAt) < judgeMilliseconds) return;
    each.judgedAt = time;
    each.alertsNow = each.alerts.at(time);
    // Checks may be expensive: they are run for someone who looks.
    if (pages > 0) each.health = await each.target.health?.();
  };
  const endings = watched.map((each) =>
    each.target.onReading((time) => void judge(each, time).catch(each.target.failed)),
  );
  const hello = (): HelloEvent => ({
    version: 1,
    run,
    title,
    now: now(),
    targets: watched.map((each) => targetFeed(each, each.target.isOwn ? rules : [])),
  });

  return {
    targets,
    connect(metrics, send) {
      const closings: (() => void)[] = [];
      let isOpen = true;
      const close = (): void => {
        if (!isOpen) return;
        isOpen = false;
        pages--;
        for (const end of closings) end();
      };
      const open = (each: Watched): void => {
        const { target } = each;
        let { revision } = target.history;
        let sent = '';
        const sendStatus = (time: number): void => {
          const status = statusOf(each);
          const key = JSON.stringify({ ...status, time: Math.floor(time / judgeMilliseconds) });
          if (key === sent || !isOpen) return;
          sent = key;
          send({ event: 'status', data: status });
        };
        void target
          .health?.()
          .then((health) => {
            each.health = health;
            sendStatus(now());
          })
          .catch(target.failed);
        const ending = target.onReading((time) => {
          if (revision !== target.history.revision) send({ event: 'hello', data: hello() });
          ({ revision } = target.history);
          const sample = sampleOf(each, time, metrics);
          if (Object.keys(sample.metrics).length > 0) send({ event: 'sample', data: sample });
          sendStatus(time);
        });
        closings.push(ending, target.open());
      };
      pages++;
      try {
        send({ event: 'hello', data: hello() });
        for (const each of watched) open(each);
      } catch (error) {
        close();
        throw error;
      }
      return close;
    },
    history: (target, names, range) => ({
      target: target.id,
      metrics: names.flatMap((name) => {
        const store = target.history.storeOf(name);
        return store === undefined ? [] : [metricHistory(store, range)];
      }),
    }),
    query: async (target, query, range) => {
      const found = await queriedHistory(target.history, query, range, spaced.get(target));
      return { target: target.id, metrics: found === undefined ? [] : [found] };
    },
    async stop() {
      for (const end of endings) end();
      await Promise.all(targets.map((target) => target.stop()));
    },
  };
}

/** Milliseconds between two evaluations of alerts and health checks. */
const judgeMilliseconds = 10_000;

function targetFeed({ target, ...rest }: Watched, rules: readonly AlertRule[]): TargetFeed {
  const { id, name, url, about, history, isOwn } = target;
  const { oldest } = history;
  const sections = sectionsOf(history, rules);
  return {
    id,
    name,
    ...(url === undefined ? {} : { url }),
    about,
    ...(oldest === undefined ? {} : { oldest }),
    sections,
    hints: isOwn ? missingHints(sections) : [],
    metrics: metricMetas(history, isOwn),
    status: statusOf({ target, ...rest }),
  };
}

function statusOf({ target, alertsNow, health }: Watched): TargetStatus {
  const { id, state, intervalSeconds } = target;
  return {
    target: id,
    ...state,
    intervalSeconds,
    ...(health === undefined ? {} : { health }),
    alerts: alertsNow,
  };
}

function sampleOf(each: Watched, time: number, further: readonly string[]): SampleEvent {
  const { id, history } = each.target;
  if (each.shown.revision !== history.revision) {
    const names = sectionsOf(history).flatMap(({ panels }) => panels.flatMap(({ metrics }) => metrics));
    each.shown = { revision: history.revision, names: [...new Set(names)] };
  }
  const names = new Set([...each.shown.names, ...further]);
  const metrics: Record<string, SampleEvent['metrics'][string]> = {};
  for (const name of names) {
    const store = history.storeOf(name);
    if (store === undefined || store.newest !== time) continue;
    metrics[name] = { revision: store.revision, values: newestValues(store) };
  }
  return { target: id, time, metrics };
}
