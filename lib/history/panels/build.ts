/** Shorthands in which the panels of the dashboard are written. */
import type { FeedUnit, Formula, LabelMatch, Panel, PanelLine, Section } from '../panel.js';

type Named = { readonly name: string } | string;
type Reduction = Extract<Formula, { readonly reduce: string }>;
type Options = Pick<Reduction, 'by' | 'match' | 'part' | 'times'>;

const nameOf = (metric: Named): string => (typeof metric === 'string' ? metric : metric.name);

export const rate = (metric: Named, options: Options = {}): Formula => ({
  reduce: 'rate',
  metric: nameOf(metric),
  ...options,
});
export const increase = (metric: Named, options: Options = {}): Formula => ({
  reduce: 'increase',
  metric: nameOf(metric),
  ...options,
});
export const current = (metric: Named, options: Options = {}): Formula => ({
  reduce: 'level',
  metric: nameOf(metric),
  ...options,
});
export const quantile = (metric: Named, of: number, options: Options = {}): Formula => ({
  reduce: 'quantile',
  metric: nameOf(metric),
  quantile: of,
  ...options,
});
export const share = (dividend: Formula, divisor: Formula): Formula => ({ ratio: [dividend, divisor] });

export const equals = (label: string, ...values: string[]): LabelMatch => ({ label, test: 'equals', values });
export const startsWith = (label: string, ...values: string[]): LabelMatch => ({
  label,
  test: 'startsWith',
  values,
});

/** The metrics of a formula. */
export function metricsIn(formula: Formula): string[] {
  return 'reduce' in formula ? [formula.metric] : formula.ratio.flatMap(metricsIn);
}

/** The metrics without which a formula has no result: what has not been counted yet is 0. */
export function neededBy(formula: Formula): string[] {
  if ('reduce' in formula) return [formula.metric];
  const [dividend, divisor] = formula.ratio;
  return 'reduce' in dividend && dividend.reduce === 'level' ? metricsIn(formula) : neededBy(divisor);
}

interface PanelOptions {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly unit: FeedUnit;
  readonly chart?: Panel['chart'];
  /** Formulas by the name of their line. */
  readonly lines: Readonly<Record<string, Formula>>;
  readonly tile?: Formula;
  /** Default: the unit of the chart. */
  readonly tileUnit?: FeedUnit;
}

export function panel({ lines, tile, tileUnit, chart = 'line', ...options }: PanelOptions): Panel {
  const drawn: PanelLine[] = Object.entries(lines).map(([name, formula]) => ({ name, formula }));
  const formulas = [...drawn.map(({ formula }) => formula), ...(tile === undefined ? [] : [tile])];
  return {
    ...options,
    chart,
    lines: drawn,
    ...(tile === undefined ? {} : { tile: { unit: tileUnit ?? options.unit, formula: tile } }),
    metrics: [...new Set(formulas.flatMap(metricsIn))],
  };
}

export function section(id: string, title: string, panels: readonly PanelOptions[]): Section {
  return { id, title, panels: panels.map(panel) };
}
