/** A panel through Grafana's builders. */
import type { Panel, Query } from './board.js';
import type { Foundation } from './foundation.js';

/** The source that is chosen at the top; a placeholder of Grafana's, none of JavaScript's. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: as above
export const datasource = { type: 'prometheus', uid: '${datasource}' };

/** Common to the builders of every kind. */
type PanelBuilder = InstanceType<
  | Foundation['timeseries']['PanelBuilder']
  | Foundation['stat']['PanelBuilder']
  | Foundation['gauge']['PanelBuilder']
  | Foundation['heatmap']['PanelBuilder']
  | Foundation['table']['PanelBuilder']
>;

export function panelBuilder(sdk: Foundation, panel: Panel): PanelBuilder {
  const builder = builders[panel.kind](sdk, panel);
  builder.title(panel.title).description(panel.description).unit(panel.unit).datasource(datasource);
  if (panel.min !== undefined) builder.min(panel.min);
  if (panel.max !== undefined) builder.max(panel.max);
  if (panel.colours !== undefined) builder.thresholds(thresholds(sdk, panel.colours));
  if (panel.link !== undefined) {
    const { dashboard } = sdk;
    builder.links([
      new dashboard.DashboardLinkBuilder(panel.link.title)
        .type(dashboard.DashboardLinkType.Link)
        .url(panel.link.url)
        .targetBlank(true),
    ]);
  }
  for (const [index, query] of panel.queries.entries()) builder.withTarget(target(sdk, panel, query, index));
  return builder;
}

const builders: Readonly<Record<Panel['kind'], (sdk: Foundation, panel: Panel) => PanelBuilder>> = {
  timeseries({ timeseries, common }, { stacked, queries, colours }) {
    const builder = new timeseries.PanelBuilder()
      .lineWidth(1)
      .fillOpacity(stacked ? 30 : 8)
      .showPoints(common.VisibilityMode.Auto)
      .stacking(
        new common.StackingConfigBuilder().mode(
          stacked ? common.StackingMode.Normal : common.StackingMode.None,
        ),
      )
      .legend(
        new common.VizLegendOptionsBuilder()
          .displayMode(common.LegendDisplayMode.Table)
          .placement(common.LegendPlacement.Bottom)
          .showLegend(!(queries.length === 1 && queries[0]?.legend === 'all'))
          .calcs(['mean', 'max', 'lastNotNull']),
      )
      .tooltip(
        new common.VizTooltipOptionsBuilder()
          .mode(common.TooltipDisplayMode.Multi)
          .sort(common.SortOrder.Descending),
      );
    if (colours !== undefined) {
      builder.thresholdsStyle(
        new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed),
      );
    }
    return builder;
  },
  stat: ({ stat, common }, { queries }) =>
    new stat.PanelBuilder()
      .graphMode(queries.every(isInstant) ? common.BigValueGraphMode.None : common.BigValueGraphMode.Area)
      .colorMode(common.BigValueColorMode.Value)
      .reduceOptions(last(common)),
  gauge: ({ gauge, common }) =>
    new gauge.PanelBuilder().showThresholdMarkers(true).reduceOptions(last(common)),
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
      .yAxis(new heatmap.YAxisConfigBuilder().unit(unit).axisPlacement(common.AxisPlacement.Left))
      .cellValues(new heatmap.CellValuesBuilder().unit('short'))
      .rowsFrame(new heatmap.RowsHeatmapOptionsBuilder().layout(common.HeatmapCellLayout.Auto)),
  table({ table }, { queries }) {
    const renameByName = Object.fromEntries(
      queries.map(({ legend }, index) => [queries.length === 1 ? 'Value' : `Value #${refId(index)}`, legend]),
    );
    const builder = new table.PanelBuilder();
    if (queries.length > 1) builder.withTransformation({ id: 'merge', options: {} });
    return builder.withTransformation({
      id: 'organize',
      options: { excludeByName: { Time: true, __name__: true }, indexByName: {}, renameByName },
    });
  },
};

function last(common: Foundation['common']) {
  return new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(false);
}

function thresholds({ dashboard }: Foundation, [below, ...steps]: NonNullable<Panel['colours']>) {
  return new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps([{ value: null, color: below }, ...steps.map(([value, color]) => ({ value, color }))]);
}

function target({ prometheus }: Foundation, { kind }: Panel, query: Query, index: number) {
  const { PromQueryFormat } = prometheus;
  const formats = {
    table: PromQueryFormat.Table,
    heatmap: PromQueryFormat.Heatmap,
    timeseries: PromQueryFormat.TimeSeries,
    stat: PromQueryFormat.TimeSeries,
    gauge: PromQueryFormat.TimeSeries,
  };
  const builder = new prometheus.DataqueryBuilder()
    .refId(refId(index))
    .datasource(datasource)
    .expr(query.expression)
    .legendFormat(kind === 'table' || query.legend === '' ? '__auto' : query.legend)
    .format(formats[kind]);
  return kind === 'table' || kind === 'gauge' || isInstant(query) ? builder.instant() : builder.range();
}

/** A total over the whole range is one number: over time it would be one range a point. */
function isInstant({ expression }: Query): boolean {
  return expression.includes('$__range]');
}

/** A to Z, A1 to Z1 and so on. */
function refId(index: number): string {
  const round = Math.floor(index / 26);
  return `${String.fromCharCode('A'.charCodeAt(0) + (index % 26))}${round === 0 ? '' : round}`;
}
