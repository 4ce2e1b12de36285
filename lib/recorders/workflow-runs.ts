/** The runs of workflows in progress, so that each is released from `active_autonomous_loops` exactly once. */

import type { AnyRegistry } from '../contained.js';
import type { GaugeSeries } from '../instruments/gauge.js';
import { secondsSince, startedAt } from '../instruments/stopwatch.js';
import { processWide } from '../process-wide.js';
import { OpenWork } from './open-work.js';

/** How a run ended, for the recordings that come with it. */
export interface EndedRun {
  /** Seconds since its start; `undefined` where that was not seen. */
  readonly seconds: number | undefined;
}

interface ActiveRun {
  /** Where it was counted: the end takes it back there, whatever type the end is told with. */
  readonly series: GaugeSeries;
  readonly startedAt: number;
  /** Steps by name. */
  readonly steps: Map<string, OpenWork>;
}

/** Runs that are known by id; those beyond are counted by type only. */
const maxActive = 10_000;
/** Ended runs that are remembered, so that a second end is known as one. */
const maxEnded = 10_000;
/** Names of steps kept of a run. */
const maxSteps = 100;

/** What a run is known by: text or a number, or an object, which no other run can have. `''` identifies nothing. */
export type RunId = string | object;

export class WorkflowRuns {
  readonly #active = new Map<RunId, ActiveRun>();
  readonly #ended = new Map<string, EndedRun>();
  readonly #endedObjects = new WeakMap<object, EndedRun>();
  /** Runs without an id, or beyond those that are known by it. */
  readonly #untracked = new Map<GaugeSeries, number>();

  /** Takes a run up; `false` where the run of this id is in progress already. An ended one may start again. */
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

  /** Ends a run; `undefined` where it has ended before. One whose start was never told ends all the same. */
  end(id: RunId, series: GaugeSeries | undefined, seconds: number | undefined): EndedRun | undefined {
    const run = this.#active.get(id);
    if (run === undefined && this.#endedOf(id).has(id as never)) return undefined;
    if (run !== undefined) {
      this.#active.delete(id);
      run.series.dec();
    } else if (series !== undefined) this.#releaseUntracked(series);
    const ended = { seconds: seconds ?? (run === undefined ? undefined : secondsSince(run.startedAt)) };
    if (id !== '') this.#endedOf(id).set(id as never, ended);
    if (this.#ended.size > maxEnded) this.#forgetFirstEnded();
    return ended;
  }

  /** Releases a run that is given up without an end. */
  abandon(id: RunId): void {
    const run = this.#active.get(id);
    if (run !== undefined && this.#active.delete(id)) run.series.dec();
  }

  /** Seconds since the start of a run, or those it took; `undefined` where nobody knows. */
  secondsOf(id: RunId): number | undefined {
    const run = this.#active.get(id);
    return run === undefined ? this.#endedOf(id).get(id as never)?.seconds : secondsSince(run.startedAt);
  }

  /** The steps of one name in a run; `undefined` where the run is not in progress. */
  stepsOf(id: RunId, step: string): OpenWork | undefined {
    const steps = this.#active.get(id)?.steps;
    const open = steps?.get(step);
    if (steps === undefined || open !== undefined) return open;
    if (steps.size >= maxSteps) return undefined;
    const made = new OpenWork();
    steps.set(step, made);
    return made;
  }

  /** Objects need no bound: they are forgotten with whoever holds them. */
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

  #forgetFirstEnded(): void {
    for (const first of this.#ended.keys()) {
      this.#ended.delete(first);
      return;
    }
  }
}

const runsByRegistry = processWide('workflow runs', () => new WeakMap<AnyRegistry, WorkflowRuns>());

/** The runs of a registry: recorders that share it share them. */
export function workflowRunsOf(registry: AnyRegistry): WorkflowRuns {
  const existing = runsByRegistry.get(registry);
  if (existing !== undefined) return existing;
  const runs = new WorkflowRuns();
  runsByRegistry.set(registry, runs);
  return runs;
}
