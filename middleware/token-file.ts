/** A bearer token in a file that is replaced while the service runs. */
import { stat } from 'node:fs/promises';
import { type Clock, systemClock } from '../lib/clock.js';
import { metricsError, shown } from '../lib/errors.js';
import type { MetricsWarning } from '../lib/metrics-warning.js';
import { readRegularFile, readRegularFileSync } from '../lib/regular-file.js';

/** Milliseconds between two checks of the file. */
const checkEvery = 1_000;

/** The maximum size of a token file: a larger file is not a token. */
const maxBytes = 64 * 1024;

/**
 * A function that returns the valid token. If the file is removed, emptied or otherwise invalid, the last token stays valid, so
 * that no mistake opens the endpoint or locks out every client; one warning reports it.
 * @param where the factory, for messages
 * @throws ERR_METRICS_INVALID_OPTION for a file that is invalid at the start
 */
export function tokenFileSource(
  where: string,
  file: string,
  warn: (key: string, warning: () => MetricsWarning) => void,
  clock: Clock = systemClock,
): () => Promise<string> {
  let current = firstToken(where, file);
  /** The version of the file that was read last. Unset until the first check, since the file may have changed after the start. */
  let seen: string | undefined;
  let checkedAt = clock.now();

  const keep = (problem: string): void =>
    warn(`token file ${file} ${problem}`, () => ({
      code: 'METRICS_TOKEN_KEPT',
      message: `The token file \`${file}\` ${problem}; the last token stays valid. Write one token into the file. It is read again when it changes.`,
    }));
  const checkFile = async (): Promise<void> => {
    try {
      const version = versionOf(await stat(file));
      if (version === seen) return;
      const text = (await readRegularFile(file, maxBytes)).toString().trim();
      seen = version;
      const problem = problemOf(text);
      if (problem === undefined) current = text;
      else keep(problem);
    } catch (error) {
      // For example while it is replaced: it is read as soon as it exists again.
      seen = undefined;
      keep(`cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`);
    }
  };
  return async () => {
    if (clock.now() - checkedAt >= checkEvery) {
      checkedAt = clock.now();
      await checkFile();
    }
    return current;
  };
}

function firstToken(where: string, file: string): string {
  let text = '';
  try {
    text = readRegularFileSync(file, maxBytes).toString().trim();
  } catch (error) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`tokenFile\` of ${where}: expected a file that can be read, received ${shown(file)}: ${(error as Error).message}.`,
      { cause: error },
    );
  }
  const problem = problemOf(text);
  if (problem === undefined) return text;
  throw metricsError(
    'ERR_METRICS_INVALID_OPTION',
    `Invalid \`tokenFile\` of ${where}: expected a file that holds one token, received ${shown(file)}, which ${problem}.`,
  );
}

function problemOf(text: string): string | undefined {
  if (text === '') return 'is empty';
  return /\s/.test(text) ? 'holds several words' : undefined;
}

function versionOf({ mtimeMs, size, ino }: { mtimeMs: number; size: number; ino: number }): string {
  return `${mtimeMs} ${size} ${ino}`;
}
