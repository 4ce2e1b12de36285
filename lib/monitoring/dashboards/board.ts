/** What a dashboard is made of, as data: `foundation.ts` alone knows how Grafana writes it. */
import type { DashboardName } from '../model.js';

export type PanelKind = 'timeseries' | 'stat' | 'gauge' | 'heatmap' | 'table';

export interface Query {
  /** PromQL with Grafana's variables. */
  readonly expression: string;
  /** What a series is called, with `{{label}}`; of a table, the title of the column of values. */
  readonly legend: string;
}

/** From a value on, a colour; the first is of everything below. */
export type ColourSteps = readonly [string, ...(readonly [number, string])[]];

export interface Panel {
  readonly kind: PanelKind;
  readonly title: string;
  /** What it shows, and what to make of it. */
  readonly description: string;
  /** Grafana's id of a unit: `s`, `bytes`, `percentunit`. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Of the 24 columns of Grafana's grid. */
  readonly width: number;
  readonly height: number;
  readonly stacked: boolean;
  /** Bounds of the axis, or of the gauge. */
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly colours: ColourSteps | undefined;
  /** An address that the panel links to, with its title. */
  readonly link: { readonly title: string; readonly url: string } | undefined;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
  /** Closed until it is clicked on: its queries cost nothing until then. */
  readonly collapsed?: boolean;
}

/** A choice at the top of a dashboard: the values of a label. */
export interface Variable {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  /** `label_values(metric, label)`. */
  readonly query: string;
  /** What is chosen at first. Default: all. */
  readonly chosen?: string;
}

export interface Board {
  readonly name: DashboardName;
  /** Without the service, which comes first. */
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly rows: readonly Row[];
}
