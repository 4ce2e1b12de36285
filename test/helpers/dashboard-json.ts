/** Grafana's dashboards as the bundle writes them. */
import type { BundleFile } from '../../lib/monitoring/model.js';

export interface PanelJson {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description: string;
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig: { readonly defaults: { readonly unit?: string } };
  readonly targets: readonly {
    readonly refId: string;
    readonly expr: string;
    readonly format: string;
    readonly instant: boolean;
    readonly range: boolean;
    readonly legendFormat: string;
    readonly datasource: { readonly uid: string };
  }[];
  /** The panels of a row. */
  readonly panels?: readonly PanelJson[];
  readonly collapsed?: boolean;
  readonly links?: readonly { readonly url: string }[];
}

/** A variable of a dashboard. */
export interface VariableJson {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly query: unknown;
  readonly datasource?: { readonly uid: string };
  readonly multi: boolean;
  readonly allValue?: string;
  readonly refresh?: number;
}

export interface DashboardJson {
  readonly uid: string;
  readonly title: string;
  readonly tags: readonly string[];
  readonly editable: boolean;
  readonly refresh: string;
  readonly time: object;
  readonly timezone: string;
  readonly version: number;
  readonly schemaVersion: number;
  readonly panels: readonly PanelJson[];
  readonly templating: { readonly list: readonly VariableJson[] };
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
  readonly links: readonly {
    readonly title: string;
    readonly tags: readonly string[];
    readonly url?: string;
  }[];
}

export function boardsIn(files: readonly BundleFile[]): DashboardJson[] {
  return files
    .filter(({ path }) => path.endsWith('.json'))
    .map(({ content }) => JSON.parse(content) as DashboardJson);
}

/** Every panel except rows, also those of collapsed rows. */
export function panelsOf({ panels }: DashboardJson): PanelJson[] {
  return panels.flatMap((panel) => (panel.type === 'row' ? (panel.panels ?? []) : [panel]));
}
