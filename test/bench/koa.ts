/**
 * The CPU time that measuring adds to a request of a Koa app, beside what others do: a bare and a measured app in one process,
 * slices of load on the one and the other in turn, and the median of the ratio of each pair.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { findOnPath } from '../helpers/find-on-path.js';
import { fromRoot } from '../helpers/package-root.js';
import { drawn } from './contender.js';
import { median } from './measure.js';
import { atMost, type Verdict } from './verdict.js';

/** `bare` is a second app like the first: what it shows is the noise. */
export const koaVariants = [
  'bare',
  '@tamma/observability',
  'prom-client by hand',
  '@echo-health/koa-prometheus-exporter',
  'OpenTelemetry',
] as const;

export interface KoaMeasurement {
  readonly variant: (typeof koaVariants)[number];
  readonly pairs: number;
  /** Median microseconds of CPU time that a request of the bare app takes. */
  readonly bare: number;
  /** How much more a request of the measured app takes, in percent of the bare one: median of the pairs. */
  readonly more: number;
  /** 95 % interval of it, by bootstrap. */
  readonly interval: readonly [number, number];
}

export async function measureKoa({
  pairs,
  requests,
  warmUp = 150,
  variants = koaVariants,
}: {
  pairs: number;
  /** In a slice. */
  requests: number;
  /** Slices before the first that counts. */
  warmUp?: number;
  variants?: readonly (typeof koaVariants)[number][];
}): Promise<KoaMeasurement[]> {
  const measurements: KoaMeasurement[] = [];
  for (const variant of variants) measurements.push(await measureVariant(variant, pairs, requests, warmUp));
  return measurements;
}

/**
 * Several processes, each of which makes the apps in the other order: what V8 makes of code that two apps share depends on
 * which of them it saw first, and on luck.
 */
async function measureVariant(
  variant: KoaMeasurement['variant'],
  pairs: number,
  requests: number,
  warmUp: number,
): Promise<KoaMeasurement> {
  const times: Pair[] = [];
  for (let time = 0; time < processes; time++)
    times.push(...(await pairsOf(variant, time % 2 === 0, Math.ceil(pairs / processes), requests, warmUp)));
  const ratios = times.map((pair) => (pair.measured / pair.bare - 1) * 100);
  return {
    variant,
    pairs: times.length,
    bare: median(times.map((pair) => pair.bare)),
    more: median(ratios),
    interval: bootstrapInterval(ratios),
  };
}

const processes = 4;

/** Microseconds of CPU time of a request, in two slices of load one after the other. */
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
    const [ports] = (await once(child, 'message')) as [{ bare: number; measured: number }];
    const [bare, measured] = [await loadOn(ports.bare, sockets), await loadOn(ports.measured, sockets)];
    const slice = async (load: (count: number) => Promise<void>): Promise<number> => {
      const before = await cpuTimeOf(child);
      await load(requests);
      return ((await cpuTimeOf(child)) - before) / requests;
    };
    for (let time = 0; time < warmUp; time++) {
      for (const load of isBareFirst ? [bare, measured] : [measured, bare]) await slice(load);
    }
    const draw = drawn(pairs);
    const times: Pair[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      // Whichever comes first pays for what was before.
      if (draw() < 0.5) times.push({ bare: await slice(bare), measured: await slice(measured) });
      else {
        const first = await slice(measured);
        times.push({ bare: await slice(bare), measured: first });
      }
    }
    child.send('recorded');
    const [{ recorded }] = (await once(child, 'message')) as [{ recorded: boolean }];
    if (!recorded) throw new Error(`${variant} recorded nothing`);
    return times;
  } finally {
    for (const socket of sockets) socket.destroy();
    child.kill();
  }
}

/** The 95 % interval of the median, from medians of samples drawn from the sample. */
export function bootstrapInterval(numbers: readonly number[]): [number, number] {
  const draw = drawn(numbers.length);
  const medians = Array.from({ length: 2_000 }, () =>
    median(numbers.map(() => numbers[Math.floor(draw() * numbers.length)] ?? Number.NaN)),
  ).sort((a, b) => a - b);
  return [medians[50] ?? Number.NaN, medians[1_949] ?? Number.NaN];
}

export function koaTable(measurements: readonly KoaMeasurement[]): string {
  const rows = measurements.map(
    ({ variant, more, interval: [low, high] }) =>
      `| ${names[variant]} | ${more.toFixed(2)} % | ${low.toFixed(2)} to ${high.toFixed(2)} % |`,
  );
  const [first] = measurements;
  return [
    `| CPU time of a request more than bare, ${first?.pairs ?? 0} pairs | median | 95 % interval |`,
    '|---|---:|---:|',
    ...rows,
    '',
    `A bare request, a Koa hello world with a router over loopback, takes ${(first?.bare ?? Number.NaN).toFixed(0)} µs.`,
  ].join('\n');
}

export function koaVerdicts(measurements: readonly KoaMeasurement[]): Verdict[] {
  const own = measurements.find(({ variant }) => variant === '@tamma/observability');
  return [
    atMost('CPU time that requestMetrics() adds to a Koa hello world', 1, own?.more ?? Number.NaN, ' %', 2),
  ];
}

const names: Readonly<Record<KoaMeasurement['variant'], string>> = {
  bare: 'bare, a second time: the noise',
  '@tamma/observability': 'requestMetrics(): duration, first byte, two sizes, in flight',
  'prom-client by hand': 'prom-client by hand: duration, in flight',
  '@echo-health/koa-prometheus-exporter':
    '@echo-health/koa-prometheus-exporter: duration, count, response size',
  OpenTelemetry: 'OpenTelemetry instrumentation of HTTP and Koa: duration, spans',
};

/** On one core, where the system can say so, so that the load beside it does not move it about. */
async function appOnOneCore(variant: string, isBareFirst: boolean): Promise<ChildProcess> {
  const order = isBareFirst ? 'bare first' : 'measured first';
  const script = fromRoot('test/bench/koa-app.ts');
  const taskset = findOnPath('taskset');
  if (taskset === undefined) return fork(script, [variant, order], { execArgv: ['--import=tsx'] });
  return fork('-c', ['0', process.execPath, '--import=tsx', script, variant, order], {
    execPath: taskset,
    execArgv: [],
  });
}

async function cpuTimeOf(child: ChildProcess): Promise<number> {
  child.send('cpu');
  const [{ microseconds }] = (await once(child, 'message')) as [{ microseconds: number }];
  return microseconds;
}

/** One, so that each request wakes the process, as most do in a service: a busier connection makes requests cheaper. */
const connections = 1;
const requestText = 'GET /users/42 HTTP/1.1\r\nHost: here\r\n\r\n';

/** Connections that stay, each with one request under way at a time. Answers are alike, so their bytes tell how many came. */
async function loadOn(port: number, sockets: Socket[]): Promise<(count: number) => Promise<void>> {
  const own = await Promise.all(
    Array.from({ length: connections }, async () => {
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
    throw new Error(`not the answer expected: ${text}`);
  return (count) =>
    new Promise((resolve, reject) => {
      let toSend = count;
      let toCome = count;
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
