/** Grafana's dashboards and their provisioning. */
import { dashboardUid } from '../bundle-identity.js';
import { madeDashboards } from '../bundle-parts.js';
import type { BundleFile, DashboardName, PanelQuery, RuleGroup } from '../model.js';
import type { BundleSettings } from '../settings.js';
import { aiBoard } from './ai.js';
import { alertRows } from './alert-rows.js';
import { deployAnnotations } from './annotations.js';
import type { Board } from './board.js';
import { dashboardJson } from './dashboard-json.js';
import { deliveryBoard } from './delivery.js';
import { loadFoundation } from './foundation.js';
import { httpBoard } from './http.js';
import { overviewBoard } from './overview.js';
import { pipelineBoard } from './pipeline.js';
import { provisioningFiles } from './provisioning.js';
import { sloBoard } from './slo-board.js';
import { workflowsBoard } from './workflows.js';

const boardOf: Readonly<
  Record<DashboardName, (settings: BundleSettings, groups: readonly RuleGroup[]) => Board>
> = {
  overview: overviewBoard,
  workflows: workflowsBoard,
  ai: aiBoard,
  delivery: deliveryBoard,
  http: httpBoard,
  slo: sloBoard,
  pipeline: pipelineBoard,
};

/**
 * `grafana/dashboards/*.json`, `grafana/provisioning/**`, and what their panels and annotations ask.
 * @throws ERR_METRICS_MISSING_PACKAGE without `@grafana/grafana-foundation-sdk`
 */
export async function grafanaFiles(
  settings: BundleSettings,
  groups: readonly RuleGroup[],
): Promise<{ readonly files: BundleFile[]; readonly queries: PanelQuery[] }> {
  const sdk = await loadFoundation();
  const boards = madeDashboards(settings)
    .map((name) => boardOf[name](settings, groups))
    .map((board): Board => ({ ...board, rows: [...board.rows, ...alertRows(board.name, groups, settings)] }));
  return {
    files: [
      ...boards.map((board) => ({
        path: `grafana/dashboards/${dashboardUid(settings, board.name)}.json`,
        content: dashboardJson(sdk, board, settings),
      })),
      ...provisioningFiles(settings),
    ],
    queries: boards.flatMap(queriesOf),
  };
}

function queriesOf(board: Board): PanelQuery[] {
  const dashboard = board.name;
  return [
    ...board.rows.flatMap(({ panels }) =>
      panels.flatMap(({ title, queries }) =>
        queries.map(({ expression }) => ({ dashboard, panel: title, expression })),
      ),
    ),
    ...deployAnnotations().map(({ name, query }) => ({
      dashboard,
      panel: `annotation ${name}`,
      expression: query,
    })),
  ];
}
