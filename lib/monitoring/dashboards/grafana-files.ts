/** Grafana's dashboards and their provisioning. */
import { dashboardUid } from '../bundle-identity.js';
import { madeDashboards } from '../bundle-parts.js';
import type { BundleFile, DashboardName, PanelQuery, RuleGroup } from '../model.js';
import type { BundleSettings } from '../settings.js';
import { aiBoard } from './ai.js';
import { alertRows } from './alert-rows.js';
import { annotations, type Board } from './board.js';
import { dashboardJson } from './dashboard-json.js';
import { deliveryBoard } from './delivery.js';
import { httpBoard } from './http.js';
import { overviewBoard } from './overview.js';
import { pipelineBoard } from './pipeline.js';
import { provisioningFiles } from './provisioning.js';
import { sloBoard } from './slo-board.js';
import { workflowsBoard } from './workflows.js';

type MakeBoard = (settings: BundleSettings, groups: readonly RuleGroup[]) => Board;

const boards: Readonly<Record<DashboardName, MakeBoard>> = {
  overview: overviewBoard,
  workflows: workflowsBoard,
  ai: aiBoard,
  delivery: deliveryBoard,
  http: httpBoard,
  slo: sloBoard,
  pipeline: pipelineBoard,
};

/** `grafana/dashboards/*.json`, `grafana/provisioning/**`, and the queries of their panels and annotations. */
export function grafanaFiles(
  settings: BundleSettings,
  groups: readonly RuleGroup[],
): { readonly files: BundleFile[]; readonly queries: PanelQuery[] } {
  const made = madeDashboards(settings).map((name): Board => {
    const board = boards[name](settings, groups);
    return { ...board, rows: [...board.rows, ...alertRows(name, groups, settings)] };
  });
  const files = made.map((board) => ({
    path: `grafana/dashboards/${dashboardUid(settings, board.name)}.json`,
    content: dashboardJson(board, settings),
  }));
  return { files: [...files, ...provisioningFiles(settings)], queries: made.flatMap(queriesOf) };
}

function queriesOf({ name: dashboard, rows }: Board): PanelQuery[] {
  const panels = rows.flatMap((row) => row.panels);
  return [
    ...panels.flatMap(({ title: panel, queries }) =>
      queries.map(({ expression }) => ({ dashboard, panel, expression })),
    ),
    ...annotations.map(({ name, query }) => ({ dashboard, panel: `annotation ${name}`, expression: query })),
  ];
}
