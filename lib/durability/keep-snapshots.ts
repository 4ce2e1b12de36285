/** Keeps the state of a registry across restarts: restores it at the start, and writes it at each interval and at the end. */
import { metricsRecordingErrors, metricsSnapshotAge, metricsSnapshotSize } from '../catalogue/self.js';
import { type Clock, repeat, systemClock } from '../clock.js';
import { expectedInterval, isInterval } from '../interval.js';
import type { MetricsWarning } from '../metrics-warning.js';
import { oneAtATime } from '../one-at-a-time.js';
import { checkFactoryOptions } from '../option-checks.js';
import { invalidOption, type OptionNames } from '../option-names.js';
import { type MetricsRegistry, sharedRegistry } from '../registry.js';
import type { StructuralRegistry } from '../structural-registry.js';
import { acquireLock, type FileLock } from './lock.js';
import { encodeSnapshot } from './snapshot.js';
import { damagedOf, putAside, replaceFile, replaceFileNow } from './store.js';
import { type RestoreReport, takeoverOf } from './takeover.js';
import { yielding } from './yielding.js';

/** Options of {@link keepSnapshots}. */
export interface SnapshotOptions {
  /**
   * The path of the file. The same folder holds the previous file (`.1`), a lock while the process runs (`.lock`), and a file that
   * was found damaged (`.damaged`).
   */
  readonly file: string;
  /** The registry to keep. Default: `sharedRegistry`. */
  readonly registry?: MetricsRegistry<StructuralRegistry>;
  /** Seconds between two snapshots, 0.1 to 86,400. A crash loses at most what was recorded in that time. Default: 15. */
  readonly intervalSeconds?: number;
  /**
   * Seconds after which the numbers of a metric that no process defines are dropped, with a warning. If the service was down for
   * longer, these are all metrics. Default: 604,800 (seven days).
   */
  readonly maxAgeSeconds?: number;
}

/** The snapshots of a registry; made by {@link keepSnapshots}. */
export interface Snapshots {
  /** What has been restored so far. */
  readonly report: RestoreReport;
  /** Whether this process writes the file; `false` while another process holds its lock. */
  readonly isOwner: boolean;
  /** Writes the current numbers, after a write in progress. Failures are counted and reported. Never rejects. */
  write(): Promise<void>;
  /** Writes synchronously, for `process.on('exit')`. Never throws. */
  writeNow(): void;
  /** Writes a last snapshot and releases the lock. Further calls return the promise of the first. Never rejects. */
  stop(): Promise<void>;
}

/**
 * Restores the state of a registry from a file, and writes it there at each interval. Counters, histograms, and sum and count of
 * summaries continue; gauges only if their definition says `restore: true`. If the file is damaged, the previous one is
 * restored. A metric whose shape has changed starts at 0. If another process holds the lock, this one takes over when it ends.
 *
 * Failures do not stop a service: they are counted in `metrics_recording_errors_total` (metric
 * `metrics_snapshot_age_seconds`), reported once, and retried at the next interval.
 * @param clock for tests
 * @throws ERR_METRICS_INVALID_OPTION
 * @example
 * const snapshots = await keepSnapshots({ file: '/var/lib/tamma/metrics.om' });
 * process.on('exit', () => snapshots.writeNow());
 * await runImport();
 * await snapshots.stop();
 * @see https://prometheus.io/docs/concepts/metric_types/#counter
 */
export async function keepSnapshots(
  options: SnapshotOptions,
  clock: Clock = systemClock,
): Promise<Snapshots> {
  checkOptions(options);
  const { file, registry = sharedRegistry, intervalSeconds = 15, maxAgeSeconds = 7 * 86_400 } = options;
  const failed = failureCounter(registry, file, intervalSeconds);
  const age = registry.gauge(metricsSnapshotAge);
  const size = registry.gauge(metricsSnapshotSize);
  const takeover = takeoverOf(registry, file, maxAgeSeconds, clock);
  let lock: FileLock | undefined;
  let isOwner = false;
  let stopAge = (): void => {};
  /** Time of the last snapshot, in milliseconds since 1970; of the start until there is one. */
  let lastAt = clock.timestamp();
  let stopping: Promise<void> | undefined;

  const takeOver = async (hasLock: boolean): Promise<void> => {
    if (takeover.isSettled) return;
    await takeover.from(file, hasLock, (path, damage) =>
      failed('damaged', {
        code: 'METRICS_SNAPSHOT_FAILED',
        message: `\`${path}\` cannot be restored: ${damage}. ${path === file ? `The previous file is restored, if there is one; the damaged file is kept as \`${damagedOf(file)}\`.` : 'All metrics start at 0.'}`,
      }),
    );
    lastAt = takeover.report.written?.getTime() ?? lastAt;
  };
  /** Takes the lock if it is free, and restores the file before it is written. Returns whether this process holds the lock. */
  const acquire = async (): Promise<boolean> => {
    if (lock !== undefined && (await lock.isInPlace())) {
      isOwner = true;
      return true;
    }
    isOwner = false;
    let acquired: FileLock | undefined;
    try {
      acquired = await acquireLock(file, clock);
    } catch (error) {
      // A folder that takes no lock takes no snapshot either, but a file there can be restored.
      await takeOver(false).catch(() => {});
      throw error;
    }
    if (acquired === undefined) {
      failed('locked', {
        code: 'METRICS_SNAPSHOT_LOCKED',
        message: `\`${file}\` is locked by another process, expected one file per process (METRICS_SNAPSHOT_FILE). This process writes no snapshots until the other one ends, and then adds its numbers.`,
      });
      return false;
    }
    try {
      await takeOver(true);
    } catch (error) {
      await acquired.release();
      throw error;
    }
    // The old lock was removed, for example with its folder.
    await lock?.release();
    lock = acquired;
    isOwner = true;
    return true;
  };
  const snapshotOf = (now: number): Generator<Buffer> =>
    encodeSnapshot({
      instruments: registry.instruments(),
      unclaimed: [...takeover.unclaimed.values()],
      now,
    });
  const updateAge = (): void => age.set(Math.max(0, (clock.timestamp() - lastAt) / 1_000));
  const noteWritten = (now: number, bytes: number): void => {
    lastAt = now;
    size.set(bytes);
    // Again, since clearing the registry removes it.
    stopAge = age.addCollect(updateAge);
    updateAge();
  };
  const writeFailed = (error: unknown): void =>
    failed((error as NodeJS.ErrnoException).code ?? 'write', {
      code: 'METRICS_SNAPSHOT_FAILED',
      message: `A snapshot could not be written to \`${file}\`: ${(error as Error).message}.`,
      cause: error,
    });
  const writeOnce = async (): Promise<void> => {
    try {
      if (!(await acquire())) return;
      if (takeover.isDamaged) await putAside(file);
      takeover.isDamaged = false;
      const now = clock.timestamp();
      noteWritten(now, await replaceFile(file, yielding(snapshotOf(now))));
    } catch (error) {
      writeFailed(error);
    }
  };
  const writes = oneAtATime(writeOnce);
  stopAge = age.addCollect(updateAge);

  await acquire().catch(writeFailed);
  const stopWrites = repeat(clock, intervalSeconds * 1_000, () => {
    // A write may take longer than the interval.
    if (!writes.isRunning) void writes.run();
  });

  return {
    get report() {
      return takeover.report;
    },
    get isOwner() {
      return isOwner;
    },
    write: writes.run,
    writeNow: () => {
      if (!isOwner || lock?.isInPlaceNow() !== true) return;
      const now = clock.timestamp();
      try {
        noteWritten(now, replaceFileNow(file, snapshotOf(now)));
      } catch (error) {
        writeFailed(error);
      }
    },
    stop: () => {
      stopping ??= (async () => {
        stopWrites();
        await writes.run();
        stopAge();
        isOwner = false;
        await lock?.release();
        lock = undefined;
      })();
      return stopping;
    },
  };
}

/** Counts failures, and warns once per reason. */
function failureCounter(
  registry: MetricsRegistry<StructuralRegistry>,
  file: string,
  intervalSeconds: number,
): (reason: string, warning: MetricsWarning) => void {
  const errors = registry.counter(metricsRecordingErrors);
  return (reason, { message, ...warning }) => {
    errors.inc({ metric: metricsSnapshotAge.name, reason });
    registry.warnOnce(`snapshot ${file} ${reason}`, () => ({
      ...warning,
      message: `${message} The service continues, and retries every ${intervalSeconds} s; failures are counted in \`${metricsRecordingErrors.name}\`.`,
    }));
  };
}

const optionNames = {
  file: true,
  registry: true,
  intervalSeconds: true,
  maxAgeSeconds: true,
} satisfies OptionNames<SnapshotOptions>;

function checkOptions(options: SnapshotOptions): void {
  checkFactoryOptions('keepSnapshots', options, optionNames);
  const { file, intervalSeconds, maxAgeSeconds } = options;
  if (typeof file !== 'string' || file === '' || /[/\\]$/.test(file))
    throw invalidOption('keepSnapshots', 'file', 'the path of a file', file);
  if (intervalSeconds !== undefined && !isInterval(intervalSeconds))
    throw invalidOption('keepSnapshots', 'intervalSeconds', expectedInterval, intervalSeconds);
  if (maxAgeSeconds !== undefined && !(typeof maxAgeSeconds === 'number' && maxAgeSeconds > 0))
    throw invalidOption('keepSnapshots', 'maxAgeSeconds', 'a positive number of seconds', maxAgeSeconds);
}
