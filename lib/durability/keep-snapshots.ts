/** The state of a registry across restarts: restored at the start, written at every interval and at the end. */
import { resolve as resolvePath } from 'node:path';
import { metricsRecordingErrors, metricsSnapshotAge, metricsSnapshotSize } from '../catalogue/self.js';
import { metricsError, shown } from '../errors.js';
import { checkFactoryOptions } from '../option-checks.js';
import {
  type AnyInstrument,
  type MetricsRegistry,
  type StructuralRegistry,
  sharedRegistry,
} from '../registry.js';
import { acquireLock, type FileLock, lockPath } from './lock.js';
import { type Restoration, restoreFamily } from './restore.js';
import { decodeSnapshot, encodeSnapshot, type Snapshot, type SnapshotFamily } from './snapshot.js';
import { damagedOf, previousOf, putAside, readStored, replaceFile, replaceFileNow } from './store.js';

export interface SnapshotOptions {
  /** The file. Beside it stand the one before (`.1`), a lock while the process lives (`.lock`), and what was found damaged (`.damaged`). */
  readonly file: string;
  /** What is kept. Default: `sharedRegistry`. */
  readonly registry?: MetricsRegistry<StructuralRegistry>;
  /** Seconds between two snapshots: what a crash can cost. Default: 15. */
  readonly intervalSeconds?: number;
}

/** What was found at the start. */
export interface RestoreReport {
  /** The file that was restored; `undefined` where the start was a clean one. */
  readonly source: string | undefined;
  /** When it had been written; `undefined` where nothing was restored. */
  readonly written: Date | undefined;
  /** Series by metric. Metrics that are not defined yet are restored when they are. */
  readonly restored: ReadonlyMap<string, number>;
  /** Metrics that were left alone, and why. */
  readonly skipped: ReadonlyMap<string, string>;
}

export interface Snapshots {
  /** What has been restored up to now. */
  readonly report: RestoreReport;
  /** Whether this process keeps the file: not where another one does. */
  readonly isOwner: boolean;
  /** Writes now; what fails is counted and told as always. */
  write(): Promise<void>;
  /** Writes at once, without turning the event loop: for `process.on('exit')`. Never throws. */
  writeNow(): void;
  /** Writes a last time, and lets go of the file. A second call is the first one's. */
  stop(): Promise<void>;
}

/** Seconds for which a metric is kept that no process defines any more. */
const longestUnclaimed = 7 * 86_400;

/**
 * Restores the state of a registry from a file, and keeps it there: counters, histograms, and summaries' sum and count go on
 * where they were; gauges whose definition says `restore: true` too. A damaged file gives way to the one before it, a metric
 * whose shape has changed starts anew, and a file that another process keeps is waited for. Nothing of this stops a service:
 * what fails is counted in `metrics_recording_errors_total` (metric `metrics_snapshot_age_seconds`), warned of once, and tried
 * again at the next interval.
 * @throws ERR_METRICS_INVALID_OPTION
 * @example
 * const snapshots = await keepSnapshots({ file: '/var/lib/tamma/metrics.om' });
 * process.once('SIGTERM', () => snapshots.stop());
 */
export async function keepSnapshots(options: SnapshotOptions): Promise<Snapshots> {
  checkOptions(options);
  const { file, registry = sharedRegistry, intervalSeconds = 15 } = options;
  const failed = failureCounter(registry, file);
  const age = registry.gauge(metricsSnapshotAge);
  const size = registry.gauge(metricsSnapshotSize);
  const restored = new Map<string, number>();
  const skipped = new Map<string, string>();
  const { unclaimed, isFirst } = stateOf(registry, file);
  let source: string | undefined;
  let written: Date | undefined;
  let lock: FileLock | undefined;
  let isRestored = !isFirst;
  /** The file as it stands is damaged: it must not become the one before. */
  let isDamaged = false;
  /** Milliseconds since 1970 at which the last snapshot was taken. */
  let lastAt: number | undefined;
  let writing: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;
  let isStopped = false;

  const take = (instrument: AnyInstrument): void => {
    const family = unclaimed.get(instrument.name);
    if (family === undefined) return;
    unclaimed.delete(instrument.name);
    const outcome = contained(() => restoreFamily(instrument, family));
    if ('restored' in outcome) restored.set(instrument.name, outcome.restored);
    else {
      skipped.set(instrument.name, outcome.skipped);
      registry.warnOnce(`snapshot skipped ${instrument.name}`, () => ({
        code: 'METRICS_SNAPSHOT_SKIPPED',
        message: `Metric \`${instrument.name}\` starts anew and is not restored from \`${file}\`: ${outcome.skipped}.`,
      }));
    }
  };
  const restore = ({ families, written: seconds }: Snapshot, from: string): void => {
    source = from;
    written = new Date(seconds * 1_000);
    lastAt = seconds * 1_000;
    const oldest = Date.now() / 1_000 - longestUnclaimed;
    for (const family of families) if (family.seen > oldest) unclaimed.set(family.metric, family);
    for (const instrument of registry.instruments()) take(instrument);
  };
  const restoreFromDisk = async (): Promise<void> => {
    if (isRestored) return;
    isRestored = true;
    for (const path of [file, previousOf(file)]) {
      const stored = await readStored(path);
      if (stored === undefined) continue;
      const found = 'bytes' in stored ? decodeSnapshot(stored.bytes) : { damage: stored.error.message };
      if (!('damage' in found)) {
        restore(found, path);
        return;
      }
      if (path === file) isDamaged = true;
      failed(
        'read',
        `\`${path}\` cannot be restored: ${found.damage}. ${path === file ? `The one before it is taken, if there is one; what is damaged is kept as \`${damagedOf(file)}\`` : 'The start is a clean one'}.`,
      );
    }
  };
  const stopListening = registry.onInstrument(take);

  /** Makes the file ours where it is nobody's, and takes over what stands in it. */
  const own = async (): Promise<boolean> => {
    if (lock !== undefined && (await lock.isInPlace())) return true;
    try {
      lock = await acquireLock(file);
    } catch (error) {
      lock = undefined;
      // Where nobody can lock, nobody can write either: what stands there is read all the same.
      await restoreFromDisk();
      throw error;
    }
    if (lock === undefined) {
      registry.warnOnce(`snapshot locked ${file}`, () => ({
        code: 'METRICS_SNAPSHOT_LOCKED',
        message: `\`${file}\` is kept by another process, expected a file for each (METRICS_SNAPSHOT_FILE). This one writes no snapshots until that one ends, and then takes over what it has left.`,
      }));
      return false;
    }
    await restoreFromDisk();
    return true;
  };
  const snapshotOf = (now: number): Generator<Buffer> =>
    encodeSnapshot({ instruments: registry.instruments(), unclaimed: [...unclaimed.values()], now });
  const noted = (now: number, bytes: number): void => {
    lastAt = now;
    size.set(bytes);
  };
  const writeOnce = async (): Promise<void> => {
    try {
      if (!(await own())) return;
      if (isDamaged) await putAside(file);
      isDamaged = false;
      const now = Date.now();
      noted(now, await replaceFile(file, yielding(snapshotOf(now))));
    } catch (error) {
      failed(
        (error as NodeJS.ErrnoException).code ?? 'write',
        `A snapshot could not be written to \`${file}\`: ${(error as Error).message}. It is tried again every ${intervalSeconds} s.`,
        error,
      );
    }
  };
  const write = (): Promise<void> => {
    writing ??= writeOnce().finally(() => {
      writing = undefined;
    });
    return writing;
  };
  const stopAge = age.addCollect((gauge) => {
    if (lastAt !== undefined) gauge.set(Math.max(0, (Date.now() - lastAt) / 1_000));
  });

  try {
    await own();
  } catch (error) {
    failed(
      (error as NodeJS.ErrnoException).code ?? 'lock',
      `\`${lockPath(file)}\` cannot be made: ${(error as Error).message}. Snapshots are tried again every ${intervalSeconds} s.`,
      error,
    );
  }
  const timer = setInterval(() => void write(), intervalSeconds * 1_000).unref();

  return {
    get report() {
      return { source, written, restored, skipped };
    },
    get isOwner() {
      return lock !== undefined;
    },
    write,
    writeNow: () => {
      if (lock === undefined || isStopped) return;
      const now = Date.now();
      try {
        noted(now, replaceFileNow(file, snapshotOf(now)));
      } catch (error) {
        failed(
          (error as NodeJS.ErrnoException).code ?? 'write',
          `The last snapshot could not be written to \`${file}\`: ${(error as Error).message}.`,
          error,
        );
      }
    },
    stop: () => {
      stopping ??= (async () => {
        clearInterval(timer);
        await writing;
        await write();
        stopListening();
        stopAge();
        isStopped = true;
        await lock?.release();
        lock = undefined;
      })();
      return stopping;
    },
  };
}

/** Registry -> file -> what of it no definition has claimed: a registry that has been restored once holds it already. */
const restoredInto = new WeakMap<object, Map<string, Map<string, SnapshotFamily>>>();

function stateOf(
  registry: object,
  file: string,
): { readonly unclaimed: Map<string, SnapshotFamily>; readonly isFirst: boolean } {
  const byFile = restoredInto.get(registry) ?? new Map<string, Map<string, SnapshotFamily>>();
  restoredInto.set(registry, byFile);
  const path = resolvePath(file);
  const existing = byFile.get(path);
  const unclaimed = existing ?? new Map<string, SnapshotFamily>();
  byFile.set(path, unclaimed);
  return { unclaimed, isFirst: existing === undefined };
}

/** Whatever is odd of a metric stays within it: it may be its first user who makes it, in the middle of a call. */
function contained(restoring: () => Restoration): Restoration {
  try {
    return restoring();
  } catch (error) {
    return { skipped: (error as Error).message };
  }
}

/** Chunks between which whatever else waits has its turn. */
async function* yielding(chunks: Generator<Buffer>): AsyncGenerator<Buffer> {
  for (const chunk of chunks) {
    yield chunk;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Counts a failure, and warns once for each reason. */
function failureCounter(
  registry: MetricsRegistry<StructuralRegistry>,
  file: string,
): (reason: string, message: string, cause?: unknown) => void {
  const errors = registry.counter(metricsRecordingErrors);
  return (reason, message, cause) => {
    errors.inc({ metric: metricsSnapshotAge.name, reason });
    registry.warnOnce(`snapshot ${file} ${reason}`, () => ({
      code: 'METRICS_SNAPSHOT_FAILED',
      message: `${message} The service goes on; failures are counted in \`${metricsRecordingErrors.name}\`.`,
      cause,
    }));
  };
}

function checkOptions(options: SnapshotOptions): void {
  checkFactoryOptions('keepSnapshots', options, ['file', 'registry', 'intervalSeconds']);
  const { file, intervalSeconds } = options;
  const invalid = (option: string, expected: string, received: unknown): Error =>
    metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`${option}\` of keepSnapshots: expected ${expected}, received ${shown(received)}.`,
    );
  if (typeof file !== 'string' || file === '') throw invalid('file', 'the path of a file', file);
  if (intervalSeconds !== undefined && !(intervalSeconds > 0 && intervalSeconds < 1e6))
    throw invalid('intervalSeconds', 'a positive number of seconds', intervalSeconds);
}
