/** Targets that a run has missed: where the time or the memory goes, and the next best design that was tried. */
import type { Verdict } from './verdict.js';

export interface Miss {
  /** The start of the claim of the target. */
  readonly claim: string;
  /** Where the time or the memory goes. */
  readonly profile: string;
  /** The next best design, and what it gave. */
  readonly tried: string;
}

/** The day of the numbers below, when a request to a bare Koa app took 37 µs. */
const day = '2026-11-28';

const ofRequests = {
  profile:
    'In memory, `requestMetrics()` adds 0.34 µs (0.54 µs with all measures), see the ladder. Over loopback each request wakes the process, whose caches are cold then: middleware that only calls `next()` adds 0.3 µs, and by hand for one known route up to 0.8 µs. A fifteenth of prom-client by hand is 0.2 µs.',
  tried:
    '`next().then()` instead of the listener of `close`: the same to 0.03 µs, and it misses responses that outlive the middleware. Without each part in turn: leaving `res.write` alone saves 0.00 µs, not checking for raw responses 0.06 µs, no span 0.03 µs, no look-up of the route 0.02 µs.',
};
const ofStalls = {
  profile:
    'Garbage collection: its longest pause is most of the stall. An idle event loop on this machine stalls for 4 ms in one of twenty rounds.',
  tried:
    'Chunks that use the same memory again, which is in use for compressed scrapes: the 95th percentile of the pauses fell from 13 to 6 ms. Young generations of 64 MB: 26 ms instead of 99 ms on a busy machine, but that is a setting of the process.',
};
const ofLabels = {
  profile:
    'Three look-ups in maps take 37 of 50 ns; they compare the texts of strings, which are other objects in each call.',
  tried:
    'Code generated for the label names of each metric, which is in use (58 ns without it). A cache of the last label object does not apply to 128 sets in random order.',
};

const misses: readonly Miss[] = [
  { claim: 'counter, 3 labels by object, drawn from 128 sets, compared with prom-client', ...ofLabels },
  { claim: 'counter, 3 labels by object, drawn from 128 sets, compared with three look-ups', ...ofLabels },
  { claim: 'histogram, 3 labels by object, drawn from 128 sets, compared with', ...ofLabels },
  {
    claim: '@Timed on an async method, compared with',
    profile:
      'Of the 70 ns over two clock reads and a `.then`, the record of the call and its two closures take 40, finding out that the result is a plain promise 10, and the observation 15.',
    tried:
      'A function of its own for observers that read only how a call ended, which V8 inlines into its caller, and which makes no array of arguments: it is in use.',
  },
  {
    claim: 'scrape of 150,000 lines',
    profile:
      'Of 11 ms, 5 ms copy text, 2 ms write labels, and 2 ms walk the tree of series. A plain writer of prepared lines takes 10 ms.',
    tried:
      'Copying eight bytes as a double, which is in use, takes 15 % less than four bytes as an integer. Eight bytes as a BigInt take three times as long.',
  },
  { claim: 'longest stall during a scrape of', ...ofStalls },
  {
    claim: 'memory of both after the response is released',
    profile:
      'The worst shape is that of three different texts per label set. Per set of a counter and a histogram, the texts take 192 bytes, the branches of the tree 192, the series 168, the buckets 106, the entries of maps 70. Half of the memory of prom-client is 530 bytes.',
    tried:
      'Series that hang on the last branch with several children, and keep the other values themselves: a prototype takes 262 bytes per set of a counter instead of 342, which is 0.67 x for both, and look-ups take as long. It was not used, since each series of the usual shapes would take 16 bytes more.',
  },
  { claim: 'CPU time that requestMetrics()', ...ofRequests },
  { claim: 'requestMetrics()', ...ofRequests },
  {
    claim: 'CPU time that instrumentFetch() adds to a fetch over loopback',
    profile:
      'Its functions take 1.0 µs for the messages of a fetch with rate limits in a loop, which is 0.8 %, see the ladder: a quarter of it is undici publishing four messages, half reading rate limits. The rest is within the noise: the medians of three runs are 5 to 9 %, with intervals from −8 to 22 %, and two processes of which neither records differ as much.',
    tried:
      'Reading rate limits as bytes, which is in use: 1.0 µs instead of 2.2. The state of a request in a WeakMap adds 75 µs, since each garbage collection cleans it; in a Map it costs as much as on the request, and could leak. Starting and stopping it in one process gives 20 %, since V8 then compiles the code of undici for requests with and without the state, which no service has.',
  },
];

/** What is known of a missed target. */
export function missOf({ claim }: Verdict): Miss | undefined {
  return misses.find((miss) => claim.startsWith(miss.claim));
}

/** The missed targets of a run, as Markdown; empty if there is none. */
export function missTable(verdicts: readonly Verdict[]): string {
  const missed = verdicts.filter(({ reached }) => !reached);
  if (missed.length === 0) return '';
  const rows = missed.map((verdict) => {
    const { profile = 'not known', tried = 'none yet' } = missOf(verdict) ?? {};
    return `| ${verdict.claim} | ${profile} | ${tried} |`;
  });
  return [
    `| missed target | where it goes (figures of ${day}) | the next best design that was tried |`,
    '|---|---|---|',
    ...rows,
  ].join('\n');
}
