/**
 * Reads one scrape after the other of a registry in use: does a number that only rises ever fall, does a series ever come
 * twice? A reset makes numbers fall, and so what is on its two sides is not compared: a scrape into which one falls has lines
 * of both sides, so it is compared with neither the one before nor the one after.
 */
export interface ScrapeWatch {
  /** To be told at every reset. */
  reset(): void;
  /** To be called when a scrape begins; takes its text when it has ended. */
  begin(): (text: string) => void;
  /** So far. */
  readonly found: ScrapeFindings;
}

export interface ScrapeFindings {
  readonly scrapes: number;
  /** Of these, those into which a reset fell. */
  readonly overlapped: number;
  /** Of these, those that were compared with the one before. */
  readonly compared: number;
  /** Numbers that were lower than at the scrape before, or gone. */
  readonly fallen: number;
  /** Lines of a series that had one in the same scrape. */
  readonly twice: number;
}

export function watchScrapes(onlyRises: (series: string) => boolean): ScrapeWatch {
  const found = { scrapes: 0, overlapped: 0, compared: 0, fallen: 0, twice: 0 };
  let resets = 0;
  /** The rising numbers of the scrape before; `undefined` where there is none to compare with. */
  let last: ReadonlyMap<string, number> | undefined;
  return {
    found,
    reset() {
      resets += 1;
      last = undefined;
    },
    begin() {
      const resetsBefore = resets;
      return (text) => {
        const { numbers, twice } = read(text);
        found.scrapes += 1;
        found.twice += twice;
        if (resets !== resetsBefore) {
          found.overlapped += 1;
          last = undefined;
          return;
        }
        const now = new Map([...numbers].filter(([series]) => onlyRises(series)));
        if (last !== undefined) {
          found.compared += 1;
          for (const [series, value] of last) if (!((now.get(series) ?? -1) >= value)) found.fallen += 1;
        }
        last = now;
      };
    },
  };
}

const line = /^([^#\s]\S*) (\S+)$/gm;

function read(text: string): { numbers: Map<string, number>; twice: number } {
  const numbers = new Map<string, number>();
  let twice = 0;
  for (const [, series = '', value = ''] of text.matchAll(line)) {
    if (numbers.has(series)) twice += 1;
    numbers.set(series, Number(value));
  }
  if (numbers.size === 0) throw new Error('nothing was scraped');
  return { numbers, twice };
}
