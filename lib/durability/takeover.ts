/** What a registry has taken over from a file of snapshots: once, whoever keeps the file and however often it begins. */
import { resolve } from 'node:path';
import { catalogueDefinition } from '../catalogue/catalogue.js';
import type { Clock } from '../clock.js';
import type { AnyInstrument } from '../instruments/any-instrument.js';
import { processWide } from '../process-wide.js';
import type { AnyRegistry } from '../registry.js';
import { type Restoration, restoreFamily } from './restore.js';
import { copied, decodeSnapshot, type Snapshot, type SnapshotFamily } from './snapshot.js';
import { previousOf, readStored } from './store.js';

/** What was found, and what became of it. */
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

export interface Takeover {
  readonly report: RestoreReport;
  /** Families that no definition has claimed yet. */
  readonly unclaimed: ReadonlyMap<string, SnapshotFamily>;
  /** Whether it is known what the file had: what is written before that would lose it. */
  readonly isSettled: boolean;
  /** Whether the file as it stands is damaged, and must not become the one before. */
  isDamaged: boolean;
  /**
   * Takes over what the file has, or the one before it where the file is damaged. Told of what is damaged.
   * @param hasLock without it nothing is settled by finding nothing: the disk may be another one later
   * @throws what the system says of a file that is there and cannot be read; it is left alone, and asked again next time
   */
  from(file: string, hasLock: boolean, onDamage: (path: string, damage: string) => void): Promise<void>;
}

const takeovers = processWide('takeovers', () => new WeakMap<AnyRegistry, Map<string, Takeover>>());

/**
 * Made once per registry and file: a registry that has taken a file over holds it already.
 * @param maxAge seconds for which a metric is kept that no process defines
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
      message: `Metric \`${instrument.name}\` starts anew and is not restored from its snapshot: ${outcome.skipped}.`,
    }));
  };
  const warnOfAge = (from: string, count: number, oldest: number): void =>
    registry.warnOnce(`snapshot age ${from}`, () => ({
      code: 'METRICS_SNAPSHOT_SKIPPED',
      message: `${count} metrics of \`${from}\` start anew and are not restored: no process has defined them since ${new Date(oldest * 1_000).toISOString()} (\`maxAgeSeconds\` of keepSnapshots: ${maxAge}).`,
    }));
  /**
   * The platform's metrics register at their first use, which was in an earlier life: without their series from the start,
   * Prometheus would see them gone, and take them for new when they are used again.
   */
  const registerAgain = ({ metric, text }: SnapshotFamily): void => {
    const definition = catalogueDefinition(metric);
    // A service may have a metric of its own of that name, and define it later.
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
    // For good, also when nobody keeps the file any more: what is made later is restored, and not written twice.
    if (unclaimed.size > 0) registry.onInstrument(claim);
    for (const family of [...unclaimed.values()]) registerAgain(family);
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

/** What stands in a file. One that is too large to be read is damaged too, so that the one before it is taken. */
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

/** Whatever is odd of a metric stays within it: it may be its first user who makes it, in the middle of a call. */
function contained(restoring: () => Restoration): Restoration {
  try {
    return restoring();
  } catch (error) {
    return { skipped: (error as Error).message };
  }
}
