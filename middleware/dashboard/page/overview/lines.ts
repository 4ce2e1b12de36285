/** The lines of a panel. */
import type { Formula, Panel } from '../../../../lib/history/panel.js';
import type { Line } from '../charts/line-chart.js';
import { colorsFor } from '../charts/theme.js';
import { evaluate, type Point, type Samples } from '../feed/evaluate.js';
import { endOf, type Grid } from '../feed/grid.js';
import type { TimeWindow } from '../view.js';

/** More lines than colours are no longer told apart. */
const maxLines = 8;
/** Seconds over which the big number of a tile is computed. */
const recent = 60;

export interface PanelLines {
  readonly lines: readonly Line[];
  /** Lines that are not shown. */
  readonly hidden: number;
}

export function panelLines(panel: Panel, samples: Samples, grid: Grid): PanelLines {
  const all = panel.lines.flatMap(({ name, formula }) =>
    evaluate(formula, samples, grid).map(({ labels, points }) => ({ name: nameOf(name, labels), points })),
  );
  const shown = all.length > maxLines ? largest(all) : all;
  const colors = colorsFor(shown.map(({ name }) => name));
  return {
    lines: shown.map((line, index) => ({ ...line, color: colors[index] ?? 0 })),
    hidden: all.length - shown.length,
  };
}

function nameOf(template: string, labels: Readonly<Record<string, string>>): string {
  const name = template.replace(/\{(\w+)\}/g, (_, label: string) => labels[label] || 'none');
  return name === '' ? 'none' : name;
}

function largest<T extends { readonly points: readonly Point[] }>(lines: readonly T[]): T[] {
  const sizes = new Map(
    lines.map((line) => [line, line.points.reduce<number>((sum, point) => sum + Math.abs(point ?? 0), 0)]),
  );
  const kept = new Set(
    [...lines].sort((a, b) => (sizes.get(b) ?? 0) - (sizes.get(a) ?? 0)).slice(0, maxLines),
  );
  return lines.filter((line) => kept.has(line));
}

/** The big number at the end of a window: over the last minute, or over the window if nothing happened in that minute. */
export function numberAtEnd(formula: Formula, samples: Samples, window: TimeWindow): number | undefined {
  const span = window.to - window.from;
  const over = (seconds: number): number | undefined =>
    evaluate(formula, samples, endOf(window, seconds))[0]?.points[0] ?? undefined;
  if ('reduce' in formula && formula.reduce === 'increase') return over(span);
  return over(Math.min(recent, span)) ?? over(span);
}

/** The big number at a time within a grid. */
export function numberAt(formula: Formula, samples: Samples, grid: Grid, time: number): number | undefined {
  return evaluate(formula, samples, { ...grid, times: [time] })[0]?.points[0] ?? undefined;
}

/** The index of the time that is nearest. */
export function nearest({ times, step }: Grid, time: number): number {
  const index = Math.round((time - (times[0] ?? 0)) / step);
  return Math.min(times.length - 1, Math.max(0, index));
}
