/** Keeps a history in a file: restored at the start, written every minute and at the end. */
import { type Clock, repeat } from '../clock.js';
import { acquireLock, type FileLock } from '../durability/lock.js';
import { previousOf, putAside, readStored, replaceFile, replaceFileNow } from '../durability/store.js';
import { yielding } from '../durability/yielding.js';
import type { MetricsWarning } from '../metrics-warning.js';
import { historyText, restoreHistory } from './history-file.js';
import { MetricsHistory } from './metrics-history.js';

export interface KeepHistoryOptions {
  readonly file: string;
  /** The maximum number of samples per metric. */
  readonly maxSamples: number;
  readonly clock: Clock;
  readonly warn: (key: string, warning: () => MetricsWarning) => void;
}

export interface KeptHistory {
  readonly history: MetricsHistory;
  /** Writes synchronously, for `process.on('exit')`. Never throws. */
  writeNow(): void;
  /** Writes a last time. Never rejects. */
  stop(): Promise<void>;
}

const writeMilliseconds = 60_000;

/** A file that cannot be read or written costs the past of the charts, nothing else: one warning says so. Never rejects. */
export async function keepHistory({
  file,
  maxSamples,
  clock,
  warn,
}: KeepHistoryOptions): Promise<KeptHistory> {
  const failed = (action: string, error: unknown): void =>
    warn(`history ${file} ${action}`, () => ({
      code: 'METRICS_HISTORY_FAILED',
      message: `The history of the dashboard could not be ${action} \`${file}\`: ${(error as Error).message}. The dashboard goes on without it.`,
      cause: error,
    }));
  const history = await restored(file, maxSamples, failed);
  let lock: FileLock | undefined;
  try {
    lock = await acquireLock(file, clock);
    if (lock === undefined) failed('kept in', new Error('another process keeps it'));
  } catch (error) {
    failed('kept in', error);
  }
  // What happened between the last sample and now is unknown.
  history.gap(clock.timestamp());
  let writing: Promise<void> | undefined;
  const writeOnce = async (): Promise<void> => {
    try {
      if (await lock?.isInPlace()) await replaceFile(file, yielding(historyText(history)));
    } catch (error) {
      failed('written to', error);
    }
  };
  const write = (): Promise<void> => {
    writing ??= writeOnce().finally(() => {
      writing = undefined;
    });
    return writing;
  };
  const endWrites = repeat(clock, writeMilliseconds, () => void write());
  return {
    history,
    writeNow() {
      try {
        if (lock?.isInPlaceNow() === true) replaceFileNow(file, historyText(history));
      } catch (error) {
        failed('written to', error);
      }
    },
    async stop() {
      endWrites();
      await writing;
      await write();
      await lock?.release();
      lock = undefined;
    },
  };
}

/** The history in a file, or in the one before it if it is damaged; an empty one if there is neither. */
async function restored(
  file: string,
  maxSamples: number,
  failed: (action: string, error: unknown) => void,
): Promise<MetricsHistory> {
  for (const path of [file, previousOf(file)]) {
    try {
      const text = await readStored(path);
      if (text === undefined) continue;
      const history = new MetricsHistory(maxSamples);
      restoreHistory(history, text, maxSamples);
      return history;
    } catch (error) {
      failed('read from', error);
      if (path === file) await putAside(file).catch(() => {});
    }
  }
  return new MetricsHistory(maxSamples);
}
