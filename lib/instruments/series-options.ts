/** What a series tree is made with. */
import type { Label } from '../label.js';
import type { Branch, Series } from './branch.js';
import type { FoldListener } from './folding.js';

export interface SeriesTreeOptions<S extends Series> {
  readonly metric: string;
  readonly labels: Readonly<Record<string, Label>>;
  /** The number of series after which folding starts. */
  readonly maxSeries: number;
  readonly onFold: FoldListener;
  /** Called with the root of the tree. */
  readonly onRoot?: (root: Branch) => void;
  readonly create: (key: string, branch: Branch) => S;
  /** Called with every removed series, so that it can free its resources. */
  onRemove?(series: S): void;
  /** Called with every removed series that is added again. */
  onReturn?(series: S): void;
}
