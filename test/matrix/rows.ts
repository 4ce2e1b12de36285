/** The rows of the matrix, from the axes and the projects. */
import { type Axis, axes, base, type Change, type Project, type Variant } from './axes.js';
import { type ProjectRow, projectRows } from './projects.js';

export interface AxisRow {
  readonly axis: string;
  /** The version as the axis writes it: `20` is any 20.x, `20.19.0` is exact. */
  readonly version: string;
  readonly variant: string;
  readonly project: Project;
}

export type Row = AxisRow | ProjectRow;

const axisRows: readonly AxisRow[] = axes.flatMap((axis) =>
  axis.versions.flatMap((version) =>
    axis.variants
      .filter(({ versions = axis.versions }) => versions.includes(version))
      .map((variant) => rowOf(axis, version, variant)),
  ),
);

export const rows: readonly Row[] = [...axisRows, ...projectRows];

/** A short, unique name of the row. */
export function titleOf({ axis, version, variant }: Omit<Row, 'project'>): string {
  return variant === '' ? `${axis} ${version}` : `${axis} ${version}, ${variant}`;
}

function rowOf(axis: Axis, version: string, variant: Variant): AxisRow {
  const varied: Change = axis.name === 'node' ? { node: version } : { packages: { [axis.name]: version } };
  const companions: Change = { packages: axis.companions?.[version] ?? {} };
  const project = [axis.change ?? {}, variant.change, varied, companions].reduce<Project>(changed, base);
  return { axis: axis.name, version, variant: variant.name, project };
}

function changed(project: Project, change: Change): Project {
  return {
    ...project,
    ...change,
    compilerOptions: { ...project.compilerOptions, ...change.compilerOptions },
    packages: { ...project.packages, ...change.packages },
  };
}
