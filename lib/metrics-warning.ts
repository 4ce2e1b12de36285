/** Warnings: what went wrong where no caller can be told. */
import { shown } from './errors.js';

/** Something an operator should know of; nothing was thrown, and the service goes on. */
export interface MetricsWarning {
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
    | 'METRICS_STOP_FAILED'
    | 'METRICS_TOKEN_KEPT'
    | 'METRICS_VIEW_UNUSED'
    | 'METRICS_REQUESTS_UNMEASURED';
  readonly message: string;
  readonly cause?: unknown;
}

/** Tells of a warning as Node tells of its own. */
export function emitWarning({ code, message }: MetricsWarning): void {
  process.emitWarning(message, { type: 'MetricsWarning', code });
}

/** Tells of each warning once. */
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
      // A listener that throws must not reach the method that was being recorded.
    }
  }
}

/** What an error says, as a sentence. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : shown(error);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
