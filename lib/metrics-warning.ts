/** Warnings: problems that cannot be thrown at a caller. */
import { shown } from './errors.js';

/**
 * A problem that an operator should know about, and that is not thrown at a caller. `lib/errors.md` lists the codes.
 * @see https://nodejs.org/api/process.html#event-warning
 */
export interface MetricsWarning {
  /** Stable code of the problem, also the `code` of the Node.js warning. */
  readonly code:
    | 'METRICS_SERIES_FOLDED'
    | 'METRICS_RECORDING_FAILED'
    | 'METRICS_COLLECT_FAILED'
    | 'METRICS_PUSH_FAILED'
    | 'METRICS_SNAPSHOT_FAILED'
    | 'METRICS_SNAPSHOT_LOCKED'
    | 'METRICS_SNAPSHOT_SKIPPED'
    | 'METRICS_CLUSTER_LEFT'
    | 'METRICS_CLUSTER_NO_PRIMARY'
    | 'METRICS_CLUSTER_SHARED_PORT'
    | 'METRICS_DASHBOARD_FAILED'
    | 'METRICS_HISTORY_FAILED'
    | 'METRICS_STOP_FAILED'
    | 'METRICS_TOKEN_KEPT'
    | 'METRICS_VIEW_UNUSED'
    | 'METRICS_REQUESTS_UNMEASURED';
  /** What happened, and what to do. The text may change between versions. */
  readonly message: string;
  /** The underlying error, if there is one. */
  readonly cause?: unknown;
}

/** Emits a Node.js warning. */
export function emitWarning({ code, message }: MetricsWarning): void {
  process.emitWarning(message, { type: 'MetricsWarning', code });
}

/** Emits each warning once. */
export class WarningsOnce {
  readonly #warned = new Set<string>();
  readonly #onWarning: (warning: MetricsWarning) => void;

  constructor(onWarning: (warning: MetricsWarning) => void) {
    this.#onWarning = onWarning;
  }

  /** See `MetricsRegistry.warnOnce`. */
  warn(key: string, warning: () => MetricsWarning): void {
    if (this.#warned.has(key)) return;
    this.#warned.add(key);
    try {
      this.#onWarning(warning());
    } catch {
      // An error of the listener must not reach the recorded method.
    }
  }
}

/** The message of an error, as a sentence. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : shown(error);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
