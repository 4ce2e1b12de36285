/** Positions on Grafana's grid of 24 columns, and ids, both by the order of the panels alone. */
import type { Board } from './board.js';

const columns = 24;

/** Rows below each other, panels from left to right until a line is full. Ids are unique in a dashboard. */
export function layoutOf({ rows }: Pick<Board, 'rows'>) {
  let id = 0;
  let top = 0;
  return rows.map((row) => {
    const rowId = ++id;
    const gridPos = { x: 0, y: top, w: columns, h: 1 };
    let [x, y, lineHeight] = [0, top + 1, 0];
    const panels = row.panels.map((panel) => {
      const { width: w, height: h } = panel;
      if (x + w > columns) [x, y, lineHeight] = [0, y + lineHeight, 0];
      const position = { x, y, w, h };
      x += w;
      lineHeight = Math.max(lineHeight, h);
      return { id: ++id, panel, gridPos: position };
    });
    // A closed row takes one line; Grafana moves the rest down when it is opened.
    top = row.collapsed ? top + 1 : y + lineHeight;
    return { id: rowId, row, panels, gridPos };
  });
}
