/** The rows of the matrix, made from its axes. */
import { type Axis, axes, base, type Change, type Project, type Variant } from './axes.js';

export interface Row {
  readonly axis: string;
  /** As the axis has it: `20`, which may be any 20.x, or `20.19.0`. */
  readonly version: string;
  readonly variant: string;
  readonly project: Project;
}

export const rows: readonly Row[] = axes.flatMap((axis) =>
  axis.versions.flatMap((version) =>
    axis.variants
      .filter(({ versions = axis.versions }) => versions.includes(version))
      .map((variant) => rowOf(axis, version, variant)),
  ),
);

/** The row in a few words, unlike any other's. */
export function titleOf({ axis, version, variant }: Omit<Row, 'project'>): string {
  return variant === '' ? `${axis} ${version}` : `${axis} ${version}, ${variant}`;
}

function rowOf(axis: Axis, version: string, variant: Variant): Row {
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
