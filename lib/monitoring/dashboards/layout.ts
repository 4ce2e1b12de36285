/** Places on Grafana's grid of 24 columns, and ids: both by the order of the panels alone. */
import type { Board, Panel, Row } from './board.js';

const columns = 24;

interface Place {
  /** From 1, unique in a dashboard. */
  readonly id: number;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

export interface PlacedRow extends Place {
  readonly row: Row;
  readonly panels: readonly (Place & { readonly panel: Panel })[];
}

/** Rows one below the other, panels from left to right until a line is full. */
export function layoutOf({ rows }: Pick<Board, 'rows'>): PlacedRow[] {
  let id = 0;
  let top = 0;
  return rows.map((row) => {
    const rowId = ++id;
    const gridPos = { x: 0, y: top, w: columns, h: 1 };
    let x = 0;
    let y = top + 1;
    let lineHeight = 0;
    const panels = row.panels.map((panel) => {
      if (x + panel.width > columns) {
        y += lineHeight;
        x = 0;
        lineHeight = 0;
      }
      const place = { x, y, w: panel.width, h: panel.height };
      x += panel.width;
      lineHeight = Math.max(lineHeight, panel.height);
      return { id: ++id, panel, gridPos: place };
    });
    // What is closed takes one line; opened, Grafana moves down what is below.
    top = row.collapsed ? top + 1 : y + lineHeight;
    return { id: rowId, row, panels, gridPos };
  });
}
