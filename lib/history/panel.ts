/**
 * What the dashboard shows, as data: sections of panels, and the formulas of their lines. Part of the feed (`feed.ts`). Types
 * only.
 */

/** The unit of shown values. `none`: a plain number. `share`: 0 to 1, shown in percent. `cores`: seconds of CPU per second. */
export type FeedUnit =
  | 'none'
  | 'perSecond'
  | 'seconds'
  | 'bytes'
  | 'bytesPerSecond'
  | 'share'
  | 'usd'
  | 'usdPerHour'
  | 'perMinute'
  | 'cores'
  | 'timestamp';

/** A condition on a label. A series without the label has the value `''`. */
export interface LabelMatch {
  readonly label: string;
  /** `equals`: the value is one of `values`. `startsWith`: it starts with one. `excludes`: it is not one of them. */
  readonly test: 'equals' | 'startsWith' | 'excludes';
  readonly values: readonly string[];
}

/** A value that is computed from the history of metrics. */
export type Formula =
  | {
      /**
       * `rate`: the increase per second of a counter, or of a part of a histogram or summary.
       * `increase`: the increase within the shown range, and for a chart within each step.
       * `level`: the value of a gauge; of a counter, its value on `/metrics`.
       * `quantile`: the `quantile` of the observations of a histogram within each step, by linear interpolation in a bucket.
       * `mean`: the increase of the sum divided by the increase of the count.
       */
      readonly reduce: 'rate' | 'increase' | 'level' | 'quantile' | 'mean';
      readonly metric: string;
      /** The part of a histogram or summary, for `rate`, `increase` and `level`. Default: `count`. */
      readonly part?: 'count' | 'sum';
      /** For `quantile`: 0 to 1. */
      readonly quantile?: number;
      /** All must hold. Default: all series. */
      readonly match?: readonly LabelMatch[];
      /** One result per combination of values of these labels. Default: one result. */
      readonly by?: readonly string[];
      /** A factor: 3600 for a rate per hour. Default: 1. */
      readonly times?: number;
    }
  | {
      /**
       * The quotient of the results with equal labels; no result where the divisor is 0 or missing. A missing dividend counts as 0,
       * unless it is a `level`: what has not been counted yet is 0.
       */
      readonly ratio: readonly [dividend: Formula, divisor: Formula];
      /** Shows 1 minus the quotient. Default: false. */
      readonly complement?: boolean;
    };

/** One line of a chart, or several if the formula is by labels. */
export interface PanelLine {
  /** The name in the legend. `{label}` stands for the value of a label: `p95 of {provider}`. */
  readonly name: string;
  readonly formula: Formula;
}

/** A chart with an optional number above it. */
export interface Panel {
  /** Unique within the feed; for deep links. */
  readonly id: string;
  readonly title: string;
  /** A sentence that says what is shown. */
  readonly description: string;
  readonly unit: FeedUnit;
  /** `line`, `stacked` (parts of a total), or `states` (few levels over time, such as health checks: 1 pass, 0.5 warn, 0 fail). */
  readonly chart: 'line' | 'stacked' | 'states';
  readonly lines: readonly PanelLine[];
  /** The big number: the newest value of the formula; with `increase`, the increase within the shown range. */
  readonly tile?: { readonly unit: FeedUnit; readonly formula: Formula };
  /** A limit to draw, of the alert of that name. */
  readonly limit?: { readonly value: number; readonly alert: string };
  /** All metrics of its formulas. Metrics without a history are missing in `Hello.metrics` until they are first recorded. */
  readonly metrics: readonly string[];
}

/** Panels of one subject. Only subjects of which the target has a metric are sent. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** What would add a subject that the target has no metrics of. */
export interface Hint {
  /** The id of the section that would appear. */
  readonly id: string;
  readonly title: string;
  /** One or two sentences. */
  readonly text: string;
  /** Code to copy, several lines. */
  readonly code: string;
}
