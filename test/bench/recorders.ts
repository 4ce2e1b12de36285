/** Cost of recorders, presets and instrumented requests, compared with hand-written prom-client code and with none. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { measure } from 'mitata';
import * as promClient from 'prom-client';
import { ProviderRequest } from '../../decorators/index.js';
import { catalogue } from '../../lib/catalogue/catalogue.js';
import type { MetricDefinition } from '../../lib/definition.js';
import { type FetchInstrumentation, instrumentFetch } from '../../lib/outbound/fetch.js';
import { PlatformMetrics } from '../../lib/recorders/platform.js';
import { ProviderMetrics } from '../../lib/recorders/provider.js';
import { MetricsRegistry } from '../../lib/registry.js';
import { drawn } from './contender.js';
import { median } from './measure.js';
import { atMost, type Verdict } from './verdict.js';

export interface RecorderMeasurement {
  readonly name: string;
  /** Nanoseconds per operation, median of the rounds. */
  readonly nanoseconds: number;
  readonly rounds: readonly number[];
}

interface Subject {
  readonly name: string;
  readonly once: () => unknown;
  /** Operations between two clock reads. */
  readonly batch: number;
  /** Called before each turn; the function that it returns is called afterwards. */
  readonly setUp?: () => () => void;
}

const registry = new MetricsRegistry();
const register = new promClient.Registry();
const provider = new ProviderMetrics({ registry });
const platform = new PlatformMetrics({ registry });

class Claude {
  async bare(_request: { model: string }): Promise<number> {
    return 1;
  }
  @ProviderRequest({ registry, labels: { provider: 'claude', operation: 'message' } })
  async ask(_request: { model: string }): Promise<number> {
    return 1;
  }
}
const claude = new Claude();
const question = { model: 'large' };

/** The same metrics with prom-client, as its users write them. */
const byHand = {
  requests: new promClient.Counter(promOptions(catalogue.aiRequests)),
  inProgress: new promClient.Gauge(promOptions(catalogue.aiRequestsInProgress)),
  duration: new promClient.Histogram({
    ...promOptions(catalogue.aiRequestDuration),
    buckets: [...catalogue.aiRequestDuration.buckets],
  }),
  apiRequests: new promClient.Counter(promOptions(catalogue.apiRequests)),
  apiDuration: new promClient.Histogram({
    ...promOptions(catalogue.apiRequestDuration),
    buckets: [...catalogue.apiRequestDuration.buckets],
  }),
};

function promOptions({ name, help, labels }: MetricDefinition) {
  return { name, help, labelNames: Object.keys(labels), registers: [register] };
}

const calls: readonly Subject[] = [
  {
    name: 'recordRequestStart and its stop',
    batch: 256,
    once: () => provider.recordRequestStart({ provider: 'claude', model: 'large', operation: 'message' })(),
  },
  {
    name: 'recordRequestStart and recordRequestComplete',
    batch: 256,
    once: () => {
      const request = { provider: 'claude', model: 'large', operation: 'message' };
      provider.recordRequestStart(request);
      provider.recordRequestComplete(request);
    },
  },
  {
    name: 'the same by hand, prom-client',
    batch: 256,
    once: () => {
      byHand.requests.inc({ provider: 'claude', model: 'large', operation: 'message' });
      byHand.inProgress.inc({ provider: 'claude' });
      const stop = byHand.duration.startTimer({ provider: 'claude', model: 'large' });
      stop();
      byHand.inProgress.dec({ provider: 'claude' });
    },
  },
  {
    name: 'recordAPIRequest',
    batch: 256,
    once: () => platform.recordAPIRequest('github', '/repos/acme/app', 'GET', 200, 0.05),
  },
  {
    name: 'the same by hand, prom-client (API request)',
    batch: 256,
    once: () => {
      byHand.apiRequests.inc({ service: 'github', platform: 'github', method: 'GET', status_code: 200 });
      byHand.apiDuration.observe({ service: 'github', platform: 'github', method: 'GET' }, 0.05);
    },
  },
  { name: 'an async method, bare', batch: 256, once: () => claude.bare(question) },
  { name: 'an async method, @ProviderRequest', batch: 256, once: () => claude.ask(question) },
];

export async function measureRecorders({
  rounds,
  milliseconds,
}: {
  rounds: number;
  milliseconds: number;
}): Promise<RecorderMeasurement[]> {
  const server = createServer((_request, response) => response.end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const once = async (): Promise<void> => {
    await (await fetch(`http://${host}/`)).text();
  };
  const instrument = (): (() => void) => {
    const instrumentation: FetchInstrumentation = instrumentFetch({
      registry,
      hosts: { [host]: { service: 'github', platform: 'github' } },
    });
    return () => instrumentation.stop();
  };
  try {
    const sending: readonly Subject[] = [
      { name: 'fetch, bare', batch: 16, once },
      { name: 'fetch, instrumentFetch', batch: 16, once, setUp: instrument },
    ];
    const tracked: readonly Subject[] = calls
      .filter(({ name }) => name.startsWith('an async method'))
      .map((subject) => ({ ...subject, name: `${subject.name}, instrumentFetch on`, setUp: instrument }));
    // From the first decorated call within `instrumentFetch` on, Node tracks the context of each promise of the process.
    const measured = [
      await inRounds(calls, rounds, milliseconds),
      await inRounds(sending, rounds, milliseconds),
      await inRounds(tracked, rounds, milliseconds),
    ].flat();
    prove();
    return measured;
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

async function inRounds(
  subjects: readonly Subject[],
  rounds: number,
  milliseconds: number,
): Promise<RecorderMeasurement[]> {
  const running = subjects.map((subject) => ({
    subject,
    operations: batched(subject),
    times: [] as number[],
  }));
  const draw = drawn(rounds);
  for (let round = 0; round < rounds; round++) {
    const order = running.map((item) => ({ item, place: draw() })).sort((a, b) => a.place - b.place);
    for (const { item } of order) {
      const tearDown = item.subject.setUp?.();
      const { p50 } = await measure(item.operations, {
        min_cpu_time: milliseconds * 1e6,
        batch_samples: 8,
        gc: false,
      });
      tearDown?.();
      item.times.push(p50 / item.subject.batch);
    }
  }
  return running.map(({ subject, times }) => ({
    name: subject.name,
    nanoseconds: median(times),
    rounds: times,
  }));
}

/** @throws an Error if a measured operation was not recorded: its time would be meaningless */
function prove(): void {
  const counts = {
    requests: registry
      .counter(catalogue.aiRequests)
      .with({ provider: 'claude', model: 'large', operation: 'message' }).value,
    durations: registry.histogram(catalogue.aiRequestDuration).with({ provider: 'claude', model: 'large' })
      .count,
    inProgress: registry.gauge(catalogue.aiRequestsInProgress).with({ provider: 'claude' }).value,
    outgoing: registry
      .counter(catalogue.apiRequests)
      .with({ service: 'github', platform: 'github', method: 'GET', status_code: 200 }).value,
  };
  if (
    counts.requests > 0 &&
    counts.requests === counts.durations &&
    counts.inProgress === 0 &&
    counts.outgoing > 0
  )
    return;
  throw new Error(`the recorders did not record: ${JSON.stringify(counts)}`);
}

export function recorderTable(measurements: readonly RecorderMeasurement[]): string {
  const time = (name: string): number =>
    measurements.find((measurement) => measurement.name === name)?.nanoseconds ?? Number.NaN;
  const rows = measurements.map(({ name, nanoseconds }) => `| ${name} | ${nanoseconds.toFixed(0)} |`);
  const share = (time('fetch, instrumentFetch') / time('fetch, bare') - 1) * 100;
  return [
    '| recorders, presets and outgoing requests | ns |',
    '|---|---:|',
    ...rows,
    '',
    `A fetch of two bytes over loopback takes ${share.toFixed(1)} % longer with \`instrumentFetch\`.`,
  ].join('\n');
}

/** What this package adds to one request, by recorder or by decorator. */
const ownOperations: readonly string[] = [
  'recordRequestStart and its stop',
  'recordRequestStart and recordRequestComplete',
  'recordAPIRequest',
  'an async method, @ProviderRequest',
  'an async method, @ProviderRequest, instrumentFetch on',
];

export function recorderVerdicts(measurements: readonly RecorderMeasurement[]): Verdict[] {
  const time = (name: string): number =>
    measurements.find((measurement) => measurement.name === name)?.nanoseconds ?? Number.NaN;
  return [
    atMost(
      'recording an AI request, start and end, as a share of a fetch over loopback',
      1,
      (time('recordRequestStart and recordRequestComplete') / time('fetch, bare')) * 100,
      ' %',
      2,
    ),
    atMost(
      'the slowest recorder or preset, per operation',
      10,
      Math.max(...ownOperations.map(time)) / 1e6,
      ' ms',
      4,
    ),
    atMost(
      '@ProviderRequest on an async method adds',
      600,
      time('an async method, @ProviderRequest') - time('an async method, bare'),
      ' ns',
      0,
    ),
  ];
}

// Separate code per subject, with its name in it: `measure.ts` says why.
function batched({ name, once, batch }: Subject): () => Promise<void> {
  return new Function(
    'once',
    `return async () => { /* ${name} */ for (let time = 0; time < ${batch}; time++) { const made = once(); if (made instanceof Promise) await made; } }`,
  )(once);
}
