/** Builds a panel with Grafana's builders. */
import type { Foundation } from './foundation.js';
import type { Panel, Query } from './panels.js';

/** The data source that is chosen at the top: `${datasource}` is a variable of Grafana. */
export const datasource = { type: 'prometheus', uid: `$${'{datasource}'}` };

type PanelBuilder = InstanceType<
  | Foundation['timeseries']['PanelBuilder']
  | Foundation['stat']['PanelBuilder']
  | Foundation['gauge']['PanelBuilder']
  | Foundation['heatmap']['PanelBuilder']
  | Foundation['table']['PanelBuilder']
>;

export function panelBuilder(sdk: Foundation, panel: Panel): PanelBuilder {
  const { dashboard } = sdk;
  const { min, max, colours, link, queries } = panel;
  const builder = builders[panel.kind](sdk, panel);
  builder.title(panel.title).description(panel.description).unit(panel.unit).datasource(datasource);
  if (min !== undefined) builder.min(min);
  if (max !== undefined) builder.max(max);
  if (colours !== undefined) {
    const [below, ...above] = colours;
    const steps = [{ value: null, color: below }, ...above.map(([value, color]) => ({ value, color }))];
    builder.thresholds(plain({ mode: dashboard.ThresholdsMode.Absolute, steps }));
  }
  if (link !== undefined) {
    const type = dashboard.DashboardLinkType.Link;
    builder.links([
      new dashboard.DashboardLinkBuilder(link.title).type(type).url(link.url).targetBlank(true),
    ]);
  }
  for (const [index, query] of queries.entries()) builder.withTarget(target(sdk, panel, query, index));
  return builder;
}

/** Passes a plain object where a builder is expected. */
function plain<T>(value: T): { build(): T } {
  return { build: () => value };
}

const builders: Readonly<Record<Panel['kind'], (sdk: Foundation, panel: Panel) => PanelBuilder>> = {
  timeseries({ timeseries, common }, { stacked, queries, colours }) {
    const { StackingMode, LegendDisplayMode, LegendPlacement, TooltipDisplayMode } = common;
    const isAlone = queries.length === 1 && queries[0]?.legend === 'all';
    const builder = new timeseries.PanelBuilder()
      .lineWidth(1)
      .fillOpacity(stacked ? 30 : 8)
      .showPoints(common.VisibilityMode.Auto)
      .stacking(plain({ mode: stacked ? StackingMode.Normal : StackingMode.None }))
      .legend(
        plain({
          displayMode: LegendDisplayMode.Table,
          placement: LegendPlacement.Bottom,
          showLegend: !isAlone,
          calcs: ['mean', 'max', 'lastNotNull'],
        }),
      )
      .tooltip(plain({ mode: TooltipDisplayMode.Multi, sort: common.SortOrder.Descending }));
    return colours === undefined
      ? builder
      : builder.thresholdsStyle(plain({ mode: common.GraphThresholdsStyleMode.Dashed }));
  },
  stat: ({ stat, common: { BigValueGraphMode, BigValueColorMode } }, { queries }) =>
    new stat.PanelBuilder()
      .graphMode(queries.every(isInstant) ? BigValueGraphMode.None : BigValueGraphMode.Area)
      .colorMode(BigValueColorMode.Value)
      .reduceOptions(lastValue),
  gauge: ({ gauge }) => new gauge.PanelBuilder().showThresholdMarkers(true).reduceOptions(lastValue),
  heatmap: ({ heatmap, common }, { unit }) =>
    new heatmap.PanelBuilder()
      .calculate(false)
      .cellGap(1)
      .color(
        new heatmap.HeatmapColorOptionsBuilder()
          .mode(heatmap.HeatmapColorMode.Scheme)
          .scheme('Spectral')
          .steps(64),
      )
      .yAxis(plain({ unit, axisPlacement: common.AxisPlacement.Left }))
      .cellValues(plain({ unit: 'short' }))
      .rowsFrame(plain({ layout: common.HeatmapCellLayout.Auto })),
  table({ table }, { queries }) {
    const isMerged = queries.length > 1;
    const columns = queries.map(({ legend }, index) => [
      isMerged ? `Value #${refId(index)}` : 'Value',
      legend,
    ]);
    const builder = new table.PanelBuilder();
    if (isMerged) builder.withTransformation({ id: 'merge', options: {} });
    const [excludeByName, renameByName] = [{ Time: true, __name__: true }, Object.fromEntries(columns)];
    const options = { excludeByName, indexByName: {}, renameByName };
    return builder.withTransformation({ id: 'organize', options });
  },
};

const lastValue = plain({ calcs: ['lastNotNull'], fields: '', values: false });

function target({ prometheus }: Foundation, { kind }: Panel, query: Query, index: number) {
  const { Table, Heatmap, TimeSeries } = prometheus.PromQueryFormat;
  const builder = new prometheus.DataqueryBuilder()
    .refId(refId(index))
    .datasource(datasource)
    .expr(query.expression)
    .legendFormat(kind === 'table' || query.legend === '' ? '__auto' : query.legend)
    .format(kind === 'table' ? Table : kind === 'heatmap' ? Heatmap : TimeSeries);
  return kind === 'table' || kind === 'gauge' || isInstant(query) ? builder.instant() : builder.range();
}

/** A total over the time range of the dashboard is one value: it is not computed at every point. */
function isInstant({ expression }: Query): boolean {
  return expression.includes('$__range]');
}

/** A to Z, A1 to Z1 and so on. */
function refId(index: number): string {
  const round = Math.floor(index / 26);
  return `${String.fromCharCode('A'.charCodeAt(0) + (index % 26))}${round === 0 ? '' : round}`;
}
