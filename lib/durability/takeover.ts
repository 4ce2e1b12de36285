/** Restores a file of snapshots into a registry: once, also if snapshots are started several times. */
import { resolve } from 'node:path';
import { catalogueDefinition } from '../catalogue/catalogue.js';
import type { Clock } from '../clock.js';
import type { AnyInstrument } from '../instruments/any-instrument.js';
import { processWide } from '../process-wide.js';
import type { AnyRegistry } from '../registry.js';
import { type Restoration, restoreFamily } from './restore.js';
import { copied, decodeSnapshot, type Snapshot, type SnapshotFamily } from './snapshot.js';
import { previousOf, readStored } from './store.js';

/** What was restored from a file of snapshots. */
export interface RestoreReport {
  /** The restored file; `undefined` if nothing was restored. */
  readonly source: string | undefined;
  /** When the file was written; `undefined` if nothing was restored. */
  readonly written: Date | undefined;
  /** The number of restored series by metric. A metric is restored when it is defined. */
  readonly restored: ReadonlyMap<string, number>;
  /** Metrics that were not restored, with the reason. */
  readonly skipped: ReadonlyMap<string, string>;
}

export interface Takeover {
  readonly report: RestoreReport;
  /** Families whose metrics are not defined yet. */
  readonly unclaimed: ReadonlyMap<string, SnapshotFamily>;
  /** Whether the file was read. Writing it before would lose its numbers. */
  readonly isSettled: boolean;
  /** Whether the file is damaged, and must not become the previous one. */
  isDamaged: boolean;
  /**
   * Restores the file, or the previous one if the file is damaged.
   * @param hasLock without the lock, a missing file does not settle the takeover: the folder may be mounted later
   * @param onDamage called with each damaged file
   * @throws Error of the system for an existing file that cannot be read; the next call tries again
   */
  from(file: string, hasLock: boolean, onDamage: (path: string, damage: string) => void): Promise<void>;
}

const takeovers = processWide('takeovers', () => new WeakMap<AnyRegistry, Map<string, Takeover>>());

/**
 * The takeover of a file, one per registry: a second one would add its numbers again.
 * @param maxAge seconds for which a metric that no process defines is kept
 */
export function takeoverOf(registry: AnyRegistry, file: string, maxAge: number, clock: Clock): Takeover {
  const byFile = takeovers.get(registry) ?? new Map<string, Takeover>();
  takeovers.set(registry, byFile);
  const path = resolve(file);
  const existing = byFile.get(path);
  if (existing !== undefined) return existing;
  const made = newTakeover(registry, maxAge, clock);
  byFile.set(path, made);
  return made;
}

function newTakeover(registry: AnyRegistry, maxAge: number, clock: Clock): Takeover {
  const restored = new Map<string, number>();
  const skipped = new Map<string, string>();
  const unclaimed = new Map<string, SnapshotFamily>();
  let source: string | undefined;
  let written: Date | undefined;
  let isSettled = false;
  let isDamaged = false;

  const claim = (instrument: AnyInstrument): void => {
    const family = unclaimed.get(instrument.name);
    if (family === undefined) return;
    unclaimed.delete(instrument.name);
    const outcome = contained(() => restoreFamily(instrument, family));
    if ('restored' in outcome) {
      restored.set(instrument.name, outcome.restored);
      return;
    }
    skipped.set(instrument.name, outcome.skipped);
    registry.warnOnce(`snapshot skipped ${instrument.name}`, () => ({
      code: 'METRICS_SNAPSHOT_SKIPPED',
      message: `Metric \`${instrument.name}\` is not restored from its snapshot, and starts at 0: ${outcome.skipped}.`,
    }));
  };
  const warnOfAge = (from: string, count: number, oldest: number): void =>
    registry.warnOnce(`snapshot age ${from}`, () => ({
      code: 'METRICS_SNAPSHOT_SKIPPED',
      message: `${count} metrics of \`${from}\` are not restored, and start at 0: no process has defined them since ${new Date(oldest * 1_000).toISOString()} (\`maxAgeSeconds\` of keepSnapshots: ${maxAge}).`,
    }));
  /**
   * Catalogue metrics register at their first use, which was in an earlier process. Without their series from the start,
   * Prometheus would see these series end, and start again at the next use.
   */
  const registerFromCatalogue = ({ metric, text }: SnapshotFamily): void => {
    const definition = catalogueDefinition(metric);
    // The application may define its own metric of that name later.
    if (definition === undefined || !text.includes(` ${definition.help}\n`)) return;
    try {
      registry.instrument(definition);
    } catch (error) {
      registry.recordingFailed(metric, 'conflict', error);
    }
  };
  const restore = ({ families, written: seconds }: Snapshot, from: string): void => {
    isSettled = true;
    source = from;
    written = new Date(seconds * 1_000);
    const oldest = clock.timestamp() / 1_000 - maxAge;
    for (const family of families) if (family.seen > oldest) unclaimed.set(family.metric, family);
    if (families.length > unclaimed.size) warnOfAge(from, families.length - unclaimed.size, oldest);
    for (const instrument of registry.instruments()) claim(instrument);
    // The strings are slices of the whole file, which would stay in memory.
    for (const [metric, { shape, seen, text }] of unclaimed)
      unclaimed.set(metric, { metric: copied(metric), shape: copied(shape), seen, text: copied(text) });
    // Also after the snapshots are stopped, so that a metric which is defined later is restored.
    if (unclaimed.size > 0) registry.onInstrument(claim);
    for (const family of [...unclaimed.values()]) registerFromCatalogue(family);
  };

  return {
    get report() {
      return { source, written, restored, skipped };
    },
    unclaimed,
    get isSettled() {
      return isSettled;
    },
    get isDamaged() {
      return isDamaged;
    },
    set isDamaged(value) {
      isDamaged = value;
    },
    async from(file, hasLock, onDamage) {
      for (const path of [file, previousOf(file)]) {
        const found = await storedSnapshot(path);
        if (found === undefined) continue;
        if (!('damage' in found)) {
          restore(found, path);
          return;
        }
        if (path === file) isDamaged = true;
        onDamage(path, found.damage);
      }
      if (hasLock) isSettled = true;
    },
  };
}

/** The snapshot in a file. A file that is too large counts as damaged, so that the previous one is restored. */
async function storedSnapshot(path: string): Promise<ReturnType<typeof decodeSnapshot> | undefined> {
  try {
    const stored = await readStored(path);
    return stored === undefined ? undefined : decodeSnapshot(stored);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EFBIG') throw error;
    return { damage: message };
  }
}

/** Contains exceptions, since a metric may be defined by its first recording. */
function contained(restoring: () => Restoration): Restoration {
  try {
    return restoring();
  } catch (error) {
    return { skipped: (error as Error).message };
  }
}
