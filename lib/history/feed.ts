/**
 * The feed of the live dashboard: the JSON that the server sends and the page reads. Types only, so that the page can import
 * this file and load nothing. All paths are relative to the path of the page, `/dashboard/` by default:
 *
 * | request | response |
 * |---|---|
 * | `GET events?metric=NAME&metric=…` | `text/event-stream` of {@link FeedEvent}s; see there |
 * | `GET history?target=ID&metric=NAME&metric=…&from=MS&to=MS&points=N` | {@link HistoryAnswer} |
 * | `GET query?target=ID&metric=NAME&match=LABEL=VALUE&by=LABEL&from=MS&to=MS&points=N` | {@link HistoryAnswer}, one metric |
 *
 * `target` may be left out if there is one target. `match` and `by` can be repeated. A request that cannot be answered gets 400
 * or 404 with a {@link FeedError}. Every time is in milliseconds since 1970 on the server's clock; `Hello.now` gives the offset.
 */

import type { FeedUnit, Hint, Section } from './panel.js';

/** A value of a track at one time: `null` if it is unknown or not finite. */
export type Level = number | null;

/**
 * A value of a track of a histogram or summary, in this order: the sum of the observed values, then for a histogram the number of
 * observations in each bucket of {@link MetricHistory.bounds} (lower buckets excluded, so the count is their sum), for a summary
 * the count and then each of {@link MetricHistory.quantiles}. `null` if it is unknown.
 */
export type Distribution = readonly Level[] | null;

/** What a metric measures with. `unknown`: an exposition without a type; shown as a gauge. */
export type FeedMetricType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'unknown';

/** One track of a metric: a series, or several as one. */
export interface Track {
  /** All labels of the series; or those by which series were put together: one label, or none for the total of the metric. */
  readonly labels: Readonly<Record<string, string>>;
  /**
   * For counters, histograms and summaries whose series restarted from 0: what to subtract from the newest value to get the value
   * on `/metrics`, in the shape of a value of the track. Absent: nothing.
   */
  readonly offset?: number | readonly number[];
}

/** The values of a metric over time. */
export interface MetricHistory {
  readonly name: string;
  readonly type: FeedMetricType;
  /**
   * Changes when the tracks, bounds or offsets do. A {@link SampleEvent} with another revision does not fit this history: request
   * it again.
   */
  readonly revision: number;
  /**
   * `series`: one track per series, so any filter and grouping can be computed from the tracks.
   * `labels`: the metric has too many series. The first track is the total, without labels; every other track has one label, and
   * is the total of the series with this value. There are tracks for the largest values of each label; the rest of a label is the
   * total minus its tracks. Filters and groupings that need two labels are answered by `query`.
   * `groups`: an answer of `query`; one track per group, with the labels of `by`.
   */
  readonly detail: 'series' | 'labels' | 'groups';
  /** How to combine the tracks of a gauge; counters, histograms and summaries are added. */
  readonly combine: 'sum' | 'average' | 'min' | 'max';
  /**
   * Histograms: the upper bounds of the buckets, ascending. The last one is `null` for +Inf. Only the range of buckets that have
   * ever been used is sent.
   */
  readonly bounds?: readonly Level[];
  /** Histograms: the lower bound of the first bucket of `bounds`: 0 if all observed values are positive. */
  readonly lower?: number;
  /** Summaries: the quantiles of the values. */
  readonly quantiles?: readonly number[];
  readonly tracks: readonly Track[];
  /** Ascending. The steps are not equal: older samples are further apart. */
  readonly times: readonly number[];
  /**
   * For each track, its value at each of `times`: `Level`s for counters, gauges and unknown, `Distribution`s otherwise. Counters,
   * histograms and summaries are cumulative and never decrease, also across restarts, since restarts from 0 are added up: a rate
   * is a difference divided by a time. A time at which all values are `null` is a gap: the target was down, so do not draw a line
   * across it. A `null` in one track only: the series did not exist yet, or was not tracked; its rate starts at the next value.
   * Series that may have counted before they were seen start from 0 too, with a negative `offset`.
   */
  readonly values: readonly (readonly Level[] | readonly Distribution[])[];
}

/** What is known of a metric without its values. */
export interface MetricMeta {
  readonly name: string;
  readonly type: FeedMetricType;
  /** Empty if there is none. Any text: show it as text. */
  readonly help: string;
  /** The unit of its values: of a counter, what is counted (`none`, `seconds`, `bytes`, `usd`); its rate is that per second. */
  readonly unit: FeedUnit;
  readonly labels: readonly string[];
  /** The number of series. */
  readonly series: number;
  /** Whether it is a native histogram. Absent: no. */
  readonly isNative?: boolean;
  /** The instrumented methods that record it: `Class.method`, with the name of the decorator. */
  readonly methods: readonly { readonly method: string; readonly decorator: string }[];
  /** Expressions to copy into Prometheus or Grafana, the one that fits the type best first. */
  readonly promql: readonly { readonly title: string; readonly expression: string }[];
}

/** The result of a health check. */
export interface CheckState {
  readonly name: string;
  readonly status: 'pass' | 'warn' | 'fail';
  /** Why it did not pass, if details are shown. Any text: show it as text. */
  readonly output?: string;
  readonly seconds: number;
  /** When it was run. */
  readonly time: number;
}

/**
 * An alert of the monitoring bundle, evaluated in this process. `ok`; `pending`: its condition holds, but not long enough yet;
 * `firing`: it would page or make a ticket; `unknown`: its metrics have no history yet.
 */
export interface AlertState {
  readonly name: string;
  readonly severity: 'page' | 'ticket';
  readonly state: 'ok' | 'pending' | 'firing' | 'unknown';
  /** What is the matter, with the labels filled in. */
  readonly summary: string;
  /** The labels that tell several alerts of one name apart. */
  readonly labels: Readonly<Record<string, string>>;
  readonly value: Level;
  readonly limit: number;
  readonly unit: FeedUnit;
  /** Whether the condition is a value above or below the limit. */
  readonly worse: 'above' | 'below';
  /** Since when the condition holds. */
  readonly since?: number;
  /** Seconds for which it must hold. */
  readonly holdSeconds: number;
  /** The panel that shows the value. */
  readonly panel?: string;
}

/** The state of a target beside its metrics. */
export interface TargetStatus {
  /** The id of the target. */
  readonly target: string;
  /** Whether the last reading succeeded. */
  readonly isUp: boolean;
  /** Why the last reading failed and what to do about it. Any text: show it as text. */
  readonly error?: string;
  /** When it was read last. */
  readonly time: number;
  /** Seconds between two readings at present. */
  readonly intervalSeconds: number;
  /** `undefined` if the target has no checks here. */
  readonly health?: { readonly status: 'pass' | 'warn' | 'fail'; readonly checks: readonly CheckState[] };
  /** In the order in which they matter: firing pages first. */
  readonly alerts: readonly AlertState[];
}

/** What is shown of one target. */
export interface TargetFeed {
  /** For `target` in requests; stable while the server runs. */
  readonly id: string;
  /** Its name: of the service, or the host and port of a URL. */
  readonly name: string;
  /** The URL from which it is read; absent for the process itself. */
  readonly url?: string;
  /** Labels that say what runs: version, revision, Node.js version. May be empty. */
  readonly about: Readonly<Record<string, string>>;
  /** The time of its oldest sample; absent if there is none. */
  readonly oldest?: number;
  readonly sections: readonly Section[];
  readonly hints: readonly Hint[];
  /** Every metric, by name. */
  readonly metrics: readonly MetricMeta[];
  readonly status: TargetStatus;
}

/** The first event of a connection, and sent again when the metrics of a target change. */
export interface HelloEvent {
  /** The version of this schema. A page of another version must be reloaded. */
  readonly version: 1;
  /** Changes when the server restarts. */
  readonly run: string;
  readonly title: string;
  readonly now: number;
  readonly targets: readonly TargetFeed[];
}

/**
 * New values of a target. `metrics` has the metrics of the panels and those of `metric` in the request; a metric that was not
 * read at this time is missing. Ignore a sample that is not newer than the last of `times`.
 */
export interface SampleEvent {
  readonly target: string;
  readonly time: number;
  readonly metrics: Readonly<
    Record<
      string,
      {
        readonly revision: number;
        /** The new value of each track, in the order of `MetricHistory.tracks`. */
        readonly values: readonly Level[] | readonly Distribution[];
      }
    >
  >;
}

/**
 * The events of `GET events`, by the name of the event (`event:`), with the JSON of their data. `hello` comes first. `status`
 * comes when the state of a target changes, and at least every scrape interval. The server sends `retry: 2000` and a comment line
 * every 15 seconds; after 30 seconds without any, close the connection and open it again. 503 with `Retry-After`: too many pages
 * are open.
 */
export interface FeedEvents {
  readonly hello: HelloEvent;
  readonly sample: SampleEvent;
  readonly status: TargetStatus;
}

/** One event of the feed. */
export type FeedEvent = {
  [Name in keyof FeedEvents]: { readonly event: Name; readonly data: FeedEvents[Name] };
}[keyof FeedEvents];

/** The answer of `history` and `query`. Unknown metrics are missing. */
export interface HistoryAnswer {
  readonly target: string;
  readonly metrics: readonly MetricHistory[];
}

/** The body of a refused request. */
export interface FeedError {
  readonly error: string;
}
