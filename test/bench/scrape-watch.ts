/**
 * Reads consecutive scrapes of a registry in use, and finds counters that decrease and duplicate series. A reset makes counters
 * decrease, so scrapes before and after one are not compared; a scrape during a reset has lines of both, so it is compared with
 * neither the previous nor the next one.
 */
export interface ScrapeWatch {
  /** Call it at every reset. */
  reset(): void;
  /** Call it when a scrape begins; call the function that it returns with the text. */
  begin(): (text: string) => void;
  /** Updated by each scrape. */
  readonly found: ScrapeFindings;
}

export interface ScrapeFindings {
  readonly scrapes: number;
  /** Scrapes with a reset during them. */
  readonly overlapped: number;
  /** Scrapes that were compared with the previous one. */
  readonly compared: number;
  /** Counters that were lower than in the previous scrape, or missing. */
  readonly fallen: number;
  /** Duplicate lines of a series in one scrape. */
  readonly twice: number;
}

export function watchScrapes(onlyRises: (series: string) => boolean): ScrapeWatch {
  const found = { scrapes: 0, overlapped: 0, compared: 0, fallen: 0, twice: 0 };
  let resets = 0;
  /** The counters of the previous scrape; `undefined` if there is nothing to compare with. */
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
