/** Writes a dashboard as Grafana's JSON. `dashboard.yml` has its structure. */
import { dashboardUid } from '../bundle-identity.js';
import { isHttpUrl } from '../checks.js';
import { sectionsOf, withValues } from '../markdown-sections.js';
import type { BundleSettings } from '../settings.js';
import { templatePart } from '../yaml-file.js';
import { annotations, type Board, type Variable } from './board.js';
import type { Panel, Query } from './panels.js';

/** Grafana's grid has that many columns. */
const columns = 24;

/** The same board gives the same bytes. */
export function dashboardJson(board: Board, settings: BundleSettings): string {
  const { prefix, title: service, runbookUrl } = settings;
  const runbooks = {
    title: 'Runbooks',
    url: runbookUrl,
    tooltip: 'What to do when an alert fires',
    icon: 'doc',
  };
  const panels = rowsOf(board);
  const dashboard = part('dashboard', {
    ...board,
    service,
    tag: prefix,
    uid: dashboardUid(settings, board.name),
    runbooks: isHttpUrl(runbookUrl) ? part('link', runbooks) : undefined,
    // The value of a start is its time, which is where Grafana draws the line.
    annotations: annotations.map((each) => part('annotation', { ...each, isTime: each.name === 'Starts' })),
    variables: [part('datasource'), ...board.variables.map(variableOf)],
    panels: panels.length > 0 ? panels : undefined,
  });
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

function part(name: string, values: object = {}): unknown {
  return templatePart('dashboards/dashboard.yml', name, values);
}

function variableOf({ chosen, ...variable }: Variable): unknown {
  const [text, value] = chosen === undefined ? ['All', '$__all'] : [chosen, chosen];
  // All includes series without the label: those from a Pushgateway have no instance.
  return part('variable', { ...variable, text, value, allValue: variable.name === 'job' ? '.+' : '.*' });
}

/**
 * Rows below each other, panels from left to right until a line is full. Positions and ids follow from the order of the panels alone,
 * and ids are unique in a dashboard.
 */
function rowsOf(board: Board): unknown[] {
  let id = 0;
  let top = 0;
  return board.rows.flatMap(({ title, collapsed = false, panels }) => {
    const row = { title, collapsed, id: ++id, gridPos: { h: 1, w: columns, x: 0, y: top } };
    let [x, y, lineHeight] = [0, top + 1, 0];
    const placed = panels.map((panel) => {
      if (x + panel.width > columns) [x, y, lineHeight] = [0, y + lineHeight, 0];
      const made = panelOf(board, panel, { id: ++id, x, y });
      x += panel.width;
      lineHeight = Math.max(lineHeight, panel.height);
      return made;
    });
    // A closed row takes one line; Grafana moves the rest down when it is opened.
    top = collapsed ? top + 1 : y + lineHeight;
    return collapsed
      ? [part('row', { ...row, panels: placed })]
      : [part('row', { ...row, panels: [] }), ...placed];
  });
}

function panelOf(
  board: Board,
  panel: Panel,
  place: { readonly id: number; readonly x: number; readonly y: number },
): unknown {
  const { kind, queries, colours, stacked, link } = panel;
  const [below, ...above] = colours ?? [];
  const steps = [{ color: below, value: null }, ...above.map(([value, color]) => ({ color, value }))];
  const ofKind = part(kind, {
    ...panel,
    fillOpacity: stacked ? 30 : 8,
    stacking: stacked ? 'normal' : 'none',
    thresholdsStyle: colours && { mode: 'dashed' },
    showLegend: queries.length > 1 || queries[0]?.legend !== 'all',
    graphMode: queries.every(isInstant) ? 'none' : 'area',
  }) as object;
  return part('panel', {
    ...panel,
    description: descriptionOf(board, panel),
    ...place,
    ...ofKind,
    thresholds: colours && { mode: 'absolute', steps },
    links: link && [part('link', { icon: '', tooltip: '', ...link })],
    targets: queries.length > 0 ? queries.map((query, index) => targetOf(kind, query, index)) : undefined,
    transformations: kind === 'table' ? columnTitles(queries) : undefined,
  });
}

/** A section with the name of the board in its heading is for that board alone. */
function descriptionOf({ name, values = {} }: Board, { about, description }: Panel): string {
  const sections = sectionsOf('dashboards/panels.md');
  const section = about && (sections.get(`${about} (${name})`) ?? sections.get(about));
  if (section === '' || (about !== undefined && section === undefined))
    throw new Error(`dashboards/panels.md has no section ${about}`);
  const texts = [section && withValues(section.replaceAll(/\s+/g, ' ').trim(), values), description];
  return texts.filter(Boolean).join(' ');
}

function targetOf(kind: Panel['kind'], query: Query, index: number): unknown {
  const isTable = kind === 'table';
  const instant = isTable || kind === 'gauge' || isInstant(query);
  return part('target', {
    expression: query.expression,
    format: isTable || kind === 'heatmap' ? kind : 'time_series',
    instant,
    legend: isTable || query.legend === '' ? '__auto' : query.legend,
    range: !instant,
    refId: refId(index),
  });
}

/** A table shows its queries side by side, with the legends as titles of the columns. */
function columnTitles(queries: readonly Query[]): object[] {
  const isMerged = queries.length > 1;
  const names = queries.map(({ legend }, index) => [isMerged ? `Value #${refId(index)}` : 'Value', legend]);
  const options = {
    excludeByName: { Time: true, __name__: true },
    indexByName: {},
    renameByName: Object.fromEntries(names),
  };
  return [...(isMerged ? [{ id: 'merge', options: {} }] : []), { id: 'organize', options }];
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
