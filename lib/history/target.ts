/** A target of the dashboard: what is read, and what is known of it beside its metrics. */
import type { TargetStatus } from './feed.js';
import type { MetricsHistory } from './metrics-history.js';

/** The result of the last reading. */
export interface ReadingState {
  readonly isUp: boolean;
  readonly error?: string;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** A listener of readings. */
export type ReadingListener = (time: number) => void;

export interface DashboardTarget {
  /** Stable while the server runs. */
  readonly id: string;
  readonly name: string;
  readonly url?: string;
  readonly history: MetricsHistory;
  readonly about: Readonly<Record<string, string>>;
  /** Whether it is this process, so that its methods and health checks are known. */
  readonly isOwn: boolean;
  readonly state: ReadingState;
  readonly intervalSeconds: number;
  /** The health checks, run if their results are too old. */
  health?(): Promise<TargetStatus['health']>;
  /** Notes that a page is open; returns a function to call when it is closed. */
  open(): () => void;
  /** Reports an error of what is made of its readings. Never throws. */
  failed(error: unknown): void;
  /** Calls back after every reading; returns a function that ends that. */
  onReading(listener: ReadingListener): () => void;
  /** Reads now. */
  readNow(): Promise<void>;
  stop(): Promise<void>;
}
