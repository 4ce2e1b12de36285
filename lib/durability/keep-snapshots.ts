/** The state of a registry across restarts: restored at the start, written at every interval and at the end. */
import { metricsRecordingErrors, metricsSnapshotAge, metricsSnapshotSize } from '../catalogue/self.js';
import { type Clock, repeat, systemClock } from '../clock.js';
import { expectedInterval, isInterval } from '../interval.js';
import type { MetricsWarning } from '../metrics-warning.js';
import { checkFactoryOptions } from '../option-checks.js';
import { invalidOption, type OptionNames } from '../option-names.js';
import { type MetricsRegistry, sharedRegistry } from '../registry.js';
import type { StructuralRegistry } from '../structural-registry.js';
import { acquireLock, type FileLock } from './lock.js';
import { encodeSnapshot } from './snapshot.js';
import { damagedOf, putAside, replaceFile, replaceFileNow } from './store.js';
import { type RestoreReport, takeoverOf } from './takeover.js';

/** Options of {@link keepSnapshots}. */
export interface SnapshotOptions {
  /** The file. Beside it stand the one before (`.1`), a lock while the process lives (`.lock`), and what was found damaged (`.damaged`). */
  readonly file: string;
  /** What is kept. Default: `sharedRegistry`. */
  readonly registry?: MetricsRegistry<StructuralRegistry>;
  /** Seconds between two snapshots, 0.1 to 86,400: what a crash can cost. Default: 15. */
  readonly intervalSeconds?: number;
  /**
   * Seconds after which the numbers of a metric that nobody has defined meanwhile are dropped, and those of all metrics where the
   * service was down for longer; a warning says so. Default: seven days.
   */
  readonly maxAgeSeconds?: number;
}

/** The snapshots of one registry in one file, made by {@link keepSnapshots}. */
export interface Snapshots {
  /** What has been restored up to now. */
  readonly report: RestoreReport;
  /** Whether this process keeps the file: not where another one does. */
  readonly isOwner: boolean;
  /** Writes the numbers of now, after a snapshot that is in progress; what fails is counted and told as always. Never rejects. */
  write(): Promise<void>;
  /** Writes at once, without turning the event loop: for `process.on('exit')`. Never throws. */
  writeNow(): void;
  /** Writes a last time, and lets go of the file. A second call is the first one's. */
  stop(): Promise<void>;
}

/**
 * Restores the state of a registry from a file, and keeps it there: counters, histograms, and summaries' sum and count go on
 * where they were; gauges whose definition says `restore: true` too. A damaged file gives way to the one before it, a metric
 * whose shape has changed starts anew, and a file that another process keeps is waited for. Nothing of this stops a service:
 * what fails is counted in `metrics_recording_errors_total` (metric `metrics_snapshot_age_seconds`), warned of once, and tried
 * again at the next interval.
 * @param clock for tests
 * @throws ERR_METRICS_INVALID_OPTION
 * @example
 * const snapshots = await keepSnapshots({ file: '/var/lib/tamma/metrics.om' });
 * process.on('exit', () => snapshots.writeNow());
 * await runImport();
 * await snapshots.stop();
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
  /** Milliseconds since 1970 at which the last snapshot was taken; until there is one, since when there should be. */
  let lastAt = clock.timestamp();
  let writing: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;

  const takeOver = async (hasLock: boolean): Promise<void> => {
    if (takeover.isSettled) return;
    await takeover.from(file, hasLock, (path, damage) =>
      failed('damaged', {
        code: 'METRICS_SNAPSHOT_FAILED',
        message: `\`${path}\` cannot be restored: ${damage}. ${path === file ? `The one before it is taken, if there is one; what is damaged is kept as \`${damagedOf(file)}\`.` : 'The start is a clean one.'}`,
      }),
    );
    lastAt = takeover.report.written?.getTime() ?? lastAt;
  };
  /** Makes the file ours where it is nobody's, and takes over what stands in it, before anything is written there. */
  const own = async (): Promise<boolean> => {
    if (lock !== undefined && (await lock.isInPlace())) {
      isOwner = true;
      return true;
    }
    isOwner = false;
    let acquired: FileLock | undefined;
    try {
      acquired = await acquireLock(file, clock);
    } catch (error) {
      // Where nobody can lock, nobody can write either: what stands there is read all the same.
      await takeOver(false).catch(() => {});
      throw error;
    }
    if (acquired === undefined) {
      failed('locked', {
        code: 'METRICS_SNAPSHOT_LOCKED',
        message: `\`${file}\` is kept by another process, expected a file for each (METRICS_SNAPSHOT_FILE). This one writes no snapshots until that one ends, and then takes over what it has left.`,
      });
      return false;
    }
    try {
      await takeOver(true);
    } catch (error) {
      await acquired.release();
      throw error;
    }
    // One that has lost its place, with its folder, is good for nothing any more.
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
  const noted = (now: number, bytes: number): void => {
    lastAt = now;
    size.set(bytes);
    // A clear of the registry has taken it off; a second time changes nothing.
    stopAge = age.addCollect(updateAge);
    updateAge();
  };
  const couldNot = (error: unknown): void =>
    failed((error as NodeJS.ErrnoException).code ?? 'write', {
      code: 'METRICS_SNAPSHOT_FAILED',
      message: `A snapshot could not be written to \`${file}\`: ${(error as Error).message}.`,
      cause: error,
    });
  const writeOnce = async (): Promise<void> => {
    try {
      if (!(await own())) return;
      if (takeover.isDamaged) await putAside(file);
      takeover.isDamaged = false;
      const now = clock.timestamp();
      noted(now, await replaceFile(file, yielding(snapshotOf(now))));
    } catch (error) {
      couldNot(error);
    }
  };
  const begin = (): Promise<void> => {
    writing = writeOnce().finally(() => {
      writing = undefined;
    });
    return writing;
  };
  const write = (): Promise<void> => {
    if (writing === undefined) return begin();
    next ??= writing.then(() => {
      next = undefined;
      return begin();
    });
    return next;
  };
  stopAge = age.addCollect(updateAge);

  await own().catch(couldNot);
  const endWrites = repeat(clock, intervalSeconds * 1_000, () => {
    // One that takes longer than the interval is not overtaken.
    if (writing === undefined) void begin();
  });

  return {
    get report() {
      return takeover.report;
    },
    get isOwner() {
      return isOwner;
    },
    write,
    writeNow: () => {
      if (!isOwner || lock?.isInPlaceNow() !== true) return;
      const now = clock.timestamp();
      try {
        noted(now, replaceFileNow(file, snapshotOf(now)));
      } catch (error) {
        couldNot(error);
      }
    },
    stop: () => {
      stopping ??= (async () => {
        endWrites();
        await write();
        stopAge();
        isOwner = false;
        await lock?.release();
        lock = undefined;
      })();
      return stopping;
    },
  };
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
  intervalSeconds: number,
): (reason: string, warning: MetricsWarning) => void {
  const errors = registry.counter(metricsRecordingErrors);
  return (reason, { message, ...warning }) => {
    errors.inc({ metric: metricsSnapshotAge.name, reason });
    registry.warnOnce(`snapshot ${file} ${reason}`, () => ({
      ...warning,
      message: `${message} The service goes on, and tries again every ${intervalSeconds} s; this is counted in \`${metricsRecordingErrors.name}\`.`,
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
