/** The option `exemplar`: labels that lead from a metric to one of the calls that it records. */
import type { ExemplarLabels } from '../lib/instruments/exemplars.js';

/** The option of `@Counted`, `@Timed` and the presets that gives exemplars labels of the call. */
export interface ExemplarOption<C> {
  /**
   * Labels of an exemplar, in addition to those of the active span. Called at the end of a call, at most once a second for each
   * bucket or counter; `undefined` adds none. Default: none.
   * @example
   * \@Timed(stepDuration, { exemplar: ({ args: [run] }) => ({ workflow_id: run.id }) })
   * @see https://prometheus.io/docs/specs/om/open_metrics_spec/#exemplars
   */
  exemplar?: (call: C) => ExemplarLabels | undefined;
}
