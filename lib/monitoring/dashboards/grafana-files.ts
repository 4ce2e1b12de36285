/** Grafana's dashboards and their provisioning. */
import type { BundleFile, PanelQuery, RuleGroup } from '../model.js';
import type { BundleSettings } from '../settings.js';
import { aiBoard } from './ai.js';
import { alertRows } from './alert-rows.js';
import { deployAnnotations } from './annotations.js';
import type { Board } from './board.js';
import { dashboardJson } from './dashboard-json.js';
import { deliveryBoard } from './delivery.js';
import { loadFoundation } from './foundation.js';
import { overviewBoard } from './overview.js';
import { pipelineBoard } from './pipeline.js';
import { provisioningFiles } from './provisioning.js';
import { sloBoard } from './slo-board.js';
import { workflowsBoard } from './workflows.js';

/**
 * `grafana/dashboards/*.json`, `grafana/provisioning/**`, and what their panels and annotations ask.
 * @throws ERR_METRICS_MISSING_PACKAGE without `@grafana/grafana-foundation-sdk`
 */
export async function grafanaFiles(
  settings: BundleSettings,
  groups: readonly RuleGroup[],
): Promise<{ readonly files: BundleFile[]; readonly queries: PanelQuery[] }> {
  const sdk = await loadFoundation();
  const boards = [
    overviewBoard(settings),
    workflowsBoard(settings),
    aiBoard(settings),
    deliveryBoard(settings),
    sloBoard(settings, groups),
    pipelineBoard(settings),
  ].map((board): Board => ({ ...board, rows: [...board.rows, ...alertRows(board.uid, groups, settings)] }));
  return {
    files: [
      ...boards.map((board) => ({
        path: `grafana/dashboards/${board.uid}.json`,
        content: dashboardJson(sdk, board, settings),
      })),
      ...provisioningFiles(settings),
    ],
    queries: boards.flatMap(queriesOf),
  };
}

function queriesOf(board: Board): PanelQuery[] {
  const dashboard = board.uid;
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
