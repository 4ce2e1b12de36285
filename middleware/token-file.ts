/** A bearer token in a file that is replaced while the service runs. */
import { stat } from 'node:fs/promises';
import { type Clock, systemClock } from '../lib/clock.js';
import { metricsError, shown } from '../lib/errors.js';
import type { MetricsWarning } from '../lib/metrics-warning.js';
import { readRegularFile, readRegularFileSync } from '../lib/regular-file.js';

/** Milliseconds between two looks at the file. */
const lookEvery = 1_000;

/** No token is longer: what is, is another file. */
const maxBytes = 64 * 1024;

/**
 * Gives the token that is in force. A file that is removed, emptied or otherwise unusable leaves the last token in force, so that
 * no mistake opens the endpoint or locks everybody out; it is warned of once.
 * @param where the factory, for messages
 * @throws ERR_METRICS_INVALID_OPTION for a file that is unusable from the start
 */
export function tokenFileSource(
  where: string,
  file: string,
  warn: (key: string, warning: () => MetricsWarning) => void,
  clock: Clock = systemClock,
): () => Promise<string> {
  let current = firstToken(where, file);
  /** Unknown until the first look, which reads the file again: it may have changed since. */
  let seen: string | undefined;
  let lookedAt = clock.now();

  const keep = (problem: string): void =>
    warn(`token file ${file} ${problem}`, () => ({
      code: 'METRICS_TOKEN_KEPT',
      message: `The token file \`${file}\` ${problem}; the last token stays in force. Write one token into it. It is read again when it changes.`,
    }));
  const look = async (): Promise<void> => {
    try {
      const version = versionOf(await stat(file));
      if (version === seen) return;
      const text = (await readRegularFile(file, maxBytes)).toString().trim();
      seen = version;
      const problem = problemOf(text);
      if (problem === undefined) current = text;
      else keep(problem);
    } catch (error) {
      // As when it is replaced: it is read as soon as it is there again.
      seen = undefined;
      keep(`cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`);
    }
  };
  return async () => {
    if (clock.now() - lookedAt >= lookEvery) {
      lookedAt = clock.now();
      await look();
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
