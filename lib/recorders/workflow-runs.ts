/** The runs of workflows in progress, so that each is released from `active_autonomous_loops` exactly once. */

import type { GaugeSeries } from '../instruments/gauge.js';
import { secondsSince, startedAt } from '../instruments/stopwatch.js';
import { dropFirst, OpenWork } from './open-work.js';
import { perRegistry } from './per-registry.js';

/** How a run ended. */
export interface EndedRun {
  /** Seconds since its start; `undefined` if that was not recorded. */
  readonly seconds: number | undefined;
}

interface ActiveRun {
  /** Where it was counted: the end decrements this series, whatever workflow type the end reports. */
  readonly series: GaugeSeries;
  readonly startedAt: number;
  /** Steps by name. */
  readonly steps: Map<string, OpenWork>;
}

/** Runs to know by id; more are counted by type only. */
const maxActive = 10_000;
/** Ended runs to remember, so that a second end is recognized as one. */
const maxEnded = 10_000;
/** Step names to keep per run. */
const maxSteps = 100;

/** The id of a run: text, or an object, which no other run can have. `''` identifies nothing. */
export type RunId = string | object;

export class WorkflowRuns {
  readonly #active = new Map<RunId, ActiveRun>();
  readonly #ended = new Map<string, EndedRun>();
  readonly #endedObjects = new WeakMap<object, EndedRun>();
  /** Runs without an id, or beyond the limit. */
  readonly #untracked = new Map<GaugeSeries, number>();

  /** Starts a run; `false` if a run with this id is already in progress. An ended run may start again. */
  start(id: RunId, series: GaugeSeries): boolean {
    if (this.#active.has(id)) return false;
    series.inc();
    if (id === '' || this.#active.size >= maxActive) {
      this.#untracked.set(series, (this.#untracked.get(series) ?? 0) + 1);
    } else {
      this.#endedOf(id).delete(id as never);
      this.#active.set(id, { series, startedAt: startedAt(), steps: new Map() });
    }
    return true;
  }

  /** Ends a run, also one whose start was not recorded; `undefined` if it has ended before. */
  end(id: RunId, series: GaugeSeries | undefined, seconds: number | undefined): EndedRun | undefined {
    const run = this.#active.get(id);
    if (run === undefined && this.#endedOf(id).has(id as never)) return undefined;
    if (run !== undefined) {
      this.#active.delete(id);
      run.series.dec();
    } else if (series !== undefined) this.#releaseUntracked(series);
    const ended = { seconds: seconds ?? (run === undefined ? undefined : secondsSince(run.startedAt)) };
    if (id !== '') this.#endedOf(id).set(id as never, ended);
    if (this.#ended.size > maxEnded) dropFirst(this.#ended);
    return ended;
  }

  /** Releases a run that is abandoned without an end. */
  abandon(id: RunId): void {
    const run = this.#active.get(id);
    if (run !== undefined && this.#active.delete(id)) run.series.dec();
  }

  /** Seconds since the start of a run, or its duration if it has ended; `undefined` if its start was not recorded. */
  secondsOf(id: RunId): number | undefined {
    const run = this.#active.get(id);
    return run === undefined ? this.#endedOf(id).get(id as never)?.seconds : secondsSince(run.startedAt);
  }

  /** The steps of one name in a run; `undefined` if the run is not in progress. */
  stepsOf(id: RunId, step: string): OpenWork | undefined {
    const steps = this.#active.get(id)?.steps;
    const open = steps?.get(step);
    if (steps === undefined || open !== undefined) return open;
    if (steps.size >= maxSteps) return undefined;
    const made = new OpenWork();
    steps.set(step, made);
    return made;
  }

  /** Objects need no limit: they are garbage-collected with the caller's reference. */
  #endedOf(id: RunId): Map<string, EndedRun> | WeakMap<object, EndedRun> {
    return typeof id === 'object' ? this.#endedObjects : this.#ended;
  }

  #releaseUntracked(series: GaugeSeries): void {
    const count = this.#untracked.get(series) ?? 0;
    if (count === 0) return;
    series.dec();
    if (count === 1) this.#untracked.delete(series);
    else this.#untracked.set(series, count - 1);
  }
}

/** The runs of a registry, shared by its recorders. */
export const workflowRunsOf = perRegistry('workflow runs', () => new WorkflowRuns());
