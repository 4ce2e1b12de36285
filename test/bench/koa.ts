/**
 * CPU time that metrics add to a request of a Koa app, compared with other libraries: a bare and a measured app in one process
 * receive slices of load in turn; the result is the median of the ratios of the pairs.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { findOnPath } from '../helpers/find-on-path.js';
import { compiled } from '../helpers/package-root.js';
import { nextMessage } from './child.js';
import { drawn } from './contender.js';
import { median, quantile } from './measure.js';
import { atLeast, atMost, type Verdict } from './verdict.js';

/** `bare` is a second app without metrics: it shows the noise. */
export const koaVariants = [
  'bare',
  '@tamma/observability',
  '@tamma/observability, all measures',
  'next() only',
  'bound series by hand',
  'prom-client by hand',
  '@echo-health/koa-prometheus-exporter',
  'OpenTelemetry',
] as const;

export interface KoaMeasurement {
  readonly variant: (typeof koaVariants)[number];
  readonly processes: number;
  readonly pairs: number;
  /** Median CPU time of a request of the bare app, in microseconds. */
  readonly bare: number;
  /** CPU time that a request of the measured app takes in addition. */
  readonly percent: Added;
  readonly microseconds: Added;
}

/** Median of the pairs of all processes, and its 95 % confidence interval. */
export interface Added {
  readonly median: number;
  readonly interval: readonly [number, number];
}

/**
 * Many processes per variant, every other one with the apps created in reverse order: how V8 optimizes code that two apps share
 * depends on which of them ran first, and on chance. The variants take turns, so that other load on the machine affects all of
 * them.
 */
export async function measureKoa({
  pairs,
  requests,
  processes = 8,
  warmUp = 4_000,
  variants = koaVariants,
}: {
  /** Minimum per variant; each process contributes the same number. */
  pairs: number;
  /** Per slice. */
  requests: number;
  processes?: number;
  /** Requests to each app before the first slice. */
  warmUp?: number;
  variants?: readonly (typeof koaVariants)[number][];
}): Promise<KoaMeasurement[]> {
  const measured = variants.map((variant) => ({ variant, clusters: [] as Pair[][] }));
  for (let process = 0; process < processes; process++) {
    for (const { variant, clusters } of measured)
      clusters.push(
        await pairsOf(variant, process % 2 === 0, Math.ceil(pairs / processes), requests, warmUp),
      );
  }
  return measured.map(({ variant, clusters }) => ({
    variant,
    processes,
    pairs: clusters.flat().length,
    bare: median(clusters.flat().map(({ bare }) => bare)),
    percent: added(clusters, (pair) => (pair.measured / pair.bare - 1) * 100),
    microseconds: added(clusters, (pair) => pair.measured - pair.bare),
  }));
}

function added(clusters: readonly (readonly Pair[])[], more: (pair: Pair) => number): Added {
  const numbers = clusters.map((pairs) => pairs.map(more));
  return { median: median(numbers.flat()), interval: bootstrapInterval(numbers) };
}

/** CPU time per request in microseconds, in two consecutive slices of load. */
interface Pair {
  readonly bare: number;
  readonly measured: number;
}

async function pairsOf(
  variant: KoaMeasurement['variant'],
  isBareFirst: boolean,
  pairs: number,
  requests: number,
  warmUp: number,
): Promise<Pair[]> {
  const child = await appOnOneCore(variant, isBareFirst);
  const sockets: Socket[] = [];
  try {
    const ports = await nextMessage<{ bare: number; measured: number }>(child, program);
    const order = [ports.bare, ports.measured] as [number, number];
    if (!isBareFirst) order.reverse();
    // In turns, as in the measurement, so that V8 does not optimize for the app that ran last.
    const warming = [await loadOn(order[0], 8, sockets), await loadOn(order[1], 8, sockets)];
    for (let time = 0; time < 10; time++) for (const load of warming) await load(Math.ceil(warmUp / 10));
    const bare = await loadOn(ports.bare, connections, sockets);
    const measured = await loadOn(ports.measured, connections, sockets);
    const slice = async (load: (count: number) => Promise<void>): Promise<number> => {
      const before = await cpuTimeOf(child);
      await load(requests);
      return ((await cpuTimeOf(child)) - before) / requests;
    };
    // One connection takes other code paths than eight: warm those up as well.
    for (let time = 0; time < 5; time++) for (const load of [bare, measured]) await slice(load);
    const draw = drawn(pairs);
    const times: Pair[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      // The first slice of a pair includes deferred work of the previous pair.
      if (draw() < 0.5) times.push({ bare: await slice(bare), measured: await slice(measured) });
      else {
        const first = await slice(measured);
        times.push({ bare: await slice(bare), measured: first });
      }
    }
    const sent = Math.ceil(warmUp / 10) * 10 + (pairs + 5) * requests;
    child.send('recorded');
    const { requests: recorded = sent } = await nextMessage<{ requests?: number }>(child, program);
    if (recorded < sent) throw new Error(`${variant} recorded ${recorded} of ${sent} requests`);
    return times;
  } finally {
    for (const socket of sockets) socket.destroy();
    child.kill();
  }
}

/**
 * The 95 % confidence interval of the median by a two-stage bootstrap: processes are drawn first, then pairs of each. Pairs of
 * one process are similar, so drawing from the pairs of all processes would make the interval too narrow.
 */
export function bootstrapInterval(clusters: readonly (readonly number[])[]): [number, number] {
  const draw = drawn(clusters.length);
  const anyOf = <T>(list: readonly T[]): T => list[Math.floor(draw() * list.length)] as T;
  const medians = Array.from({ length: 2_000 }, () =>
    median(clusters.map(() => anyOf(clusters)).flatMap((cluster) => cluster.map(() => anyOf(cluster)))),
  );
  return [quantile(medians, 0.025), quantile(medians, 0.975)];
}

export function koaTable(measurements: readonly KoaMeasurement[]): string {
  const shown = ({ median: middle, interval: [low, high] }: Added, unit: string): string =>
    `${middle.toFixed(2)} ${unit} | ${low.toFixed(2)} to ${high.toFixed(2)} ${unit}`;
  const rows = measurements.map(
    ({ variant, percent, microseconds }) =>
      `| ${names[variant]} | ${shown(percent, '%')} | ${shown(microseconds, 'µs')} |`,
  );
  const [first] = measurements;
  return [
    `| CPU time added per request, ${first?.pairs ?? 0} pairs in ${first?.processes ?? 0} processes | median | 95 % interval | median | 95 % interval |`,
    '|---|---:|---:|---:|---:|',
    ...rows,
    '',
    `A request without metrics, to a Koa hello world with a router over loopback, takes ${(first?.bare ?? Number.NaN).toFixed(0)} µs.`,
  ].join('\n');
}

export function koaVerdicts(measurements: readonly KoaMeasurement[]): Verdict[] {
  const added = (variant: KoaMeasurement['variant']): number =>
    measurements.find((measured) => measured.variant === variant)?.microseconds.median ?? Number.NaN;
  const byHand = added('prom-client by hand');
  const own = { 'requestMetrics()': added('@tamma/observability') };
  const all = { 'requestMetrics() with all measures': added('@tamma/observability, all measures') };
  return [
    ...Object.entries(own).flatMap(([name, time]) => promised(name, time, 0.4, byHand / time, 15)),
    ...Object.entries(all).flatMap(([name, time]) => promised(name, time, 1, byHand / time, 8)),
  ];
}

function promised(name: string, time: number, most: number, times: number, least: number): Verdict[] {
  return [
    atMost(`CPU time that ${name} adds to a request`, most, time, ' µs', 2),
    atLeast(`${name}, compared with prom-client written by hand`, least, times, ' x'),
  ];
}

const names: Readonly<Record<KoaMeasurement['variant'], string>> = {
  bare: 'no metrics (control)',
  '@tamma/observability': 'requestMetrics(): duration, in flight, aborted and failed bodies',
  '@tamma/observability, all measures': 'requestMetrics(): also the first byte and the sizes of both bodies',
  'next() only': 'middleware that only calls next()',
  'bound series by hand': 'by hand for one known route: a listener, two clock reads, two bound series',
  'prom-client by hand': 'prom-client, hand-written: duration, in flight',
  '@echo-health/koa-prometheus-exporter':
    '@echo-health/koa-prometheus-exporter: duration, count, response size',
  OpenTelemetry: 'OpenTelemetry instrumentation of HTTP and Koa: duration, spans',
};

const program = 'koa-app.ts';

/** Pinned to one core if `taskset` exists, so that the load generator does not displace it. */
async function appOnOneCore(variant: string, isBareFirst: boolean): Promise<ChildProcess> {
  const order = isBareFirst ? 'bare first' : 'measured first';
  const script = compiled(`test/bench/${program}`);
  const taskset = findOnPath('taskset');
  if (taskset === undefined) return fork(script, [variant, order], { execArgv: [] });
  return fork('-c', ['0', process.execPath, script, variant, order], {
    execPath: taskset,
    execArgv: [],
  });
}

async function cpuTimeOf(child: ChildProcess): Promise<number> {
  child.send('cpu');
  return (await nextMessage<{ microseconds: number }>(child, program)).microseconds;
}

/** One, so that each request wakes the process, as most do in a service: on busy connections requests are cheaper. */
const connections = 1;
const requestText = 'GET /users/42 HTTP/1.1\r\nHost: here\r\n\r\n';

/** Persistent connections, each with one request at a time. Responses have equal length, so bytes count them. */
async function loadOn(
  port: number,
  count: number,
  sockets: Socket[],
): Promise<(requests: number) => Promise<void>> {
  const own = await Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect(port, '127.0.0.1').setNoDelay(true);
      sockets.push(socket);
      await once(socket, 'connect');
      return socket;
    }),
  );
  const [first] = own as [Socket];
  first.write(requestText);
  const [answer] = (await once(first, 'data')) as [Buffer];
  const text = answer.toString();
  if (!text.startsWith('HTTP/1.1 200') || !text.endsWith('\r\n\r\nhello'))
    throw new Error(`unexpected response: ${text}`);
  return (requests) =>
    new Promise((resolve, reject) => {
      let toSend = requests;
      let toCome = requests;
      for (const socket of own) {
        let bytes = 0;
        const send = (): void => {
          if (toSend-- > 0) socket.write(requestText);
        };
        socket.removeAllListeners('data').removeAllListeners('error');
        socket.once('error', reject);
        socket.on('data', (chunk) => {
          bytes += chunk.length;
          if (bytes < answer.length) return;
          bytes -= answer.length;
          toCome -= 1;
          if (toCome === 0) resolve();
          else send();
        });
        send();
      }
    });
}
