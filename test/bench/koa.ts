/** The CPU time that measuring adds to a request of a Koa app, beside the same by hand on prom-client. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { fromRoot } from '../helpers/package-root.js';
import { drawn } from './contender.js';
import { median } from './measure.js';

export const koaVariants = ['bare', 'ours', 'by hand'] as const;

export interface KoaMeasurement {
  readonly variant: (typeof koaVariants)[number];
  /** Median over the rounds of the microseconds of CPU time that a request takes. */
  readonly microseconds: number;
  readonly rounds: readonly number[];
}

export async function measureKoa({
  rounds,
  requests,
}: {
  rounds: number;
  requests: number;
}): Promise<KoaMeasurement[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const apps = await Promise.all(
    koaVariants.map(async (variant) => {
      const child = fork(fromRoot('test/bench/koa-app.ts'), [variant], { execArgv: ['--import=tsx'] });
      const [{ port }] = (await once(child, 'message')) as [{ port: number }];
      return { variant, child, port, times: [] as number[] };
    }),
  );
  const used = async (child: (typeof apps)[number]['child']): Promise<number> => {
    child.send('cpu');
    const [{ microseconds }] = (await once(child, 'message')) as [{ microseconds: number }];
    return microseconds;
  };
  const load = async (port: number, count: number): Promise<void> => {
    let left = count;
    const one = async (): Promise<void> => {
      while (left-- > 0) await ask(agent, port);
    };
    await Promise.all(Array.from({ length: 16 }, one));
  };
  try {
    for (const { port } of apps) await load(port, requests);
    const draw = drawn(rounds);
    for (let round = 0; round < rounds; round++) {
      for (const { app } of apps
        .map((each) => ({ app: each, place: draw() }))
        .sort((a, b) => a.place - b.place)) {
        const before = await used(app.child);
        await load(app.port, requests);
        app.times.push(((await used(app.child)) - before) / requests);
      }
    }
    return apps.map(({ variant, times }) => ({ variant, microseconds: median(times), rounds: times }));
  } finally {
    agent.destroy();
    for (const { child } of apps) child.kill();
  }
}

export function koaTable(measurements: readonly KoaMeasurement[]): string {
  const time = (variant: string): number =>
    measurements.find((measurement) => measurement.variant === variant)?.microseconds ?? Number.NaN;
  const names: Readonly<Record<string, string>> = {
    bare: 'bare',
    ours: 'requestMetrics: duration, first byte, two sizes, in flight',
    'by hand': 'prom-client by hand: duration, in flight',
  };
  const rows = koaVariants.map(
    (variant) =>
      `| ${names[variant]} | ${time(variant).toFixed(1)} | ${((time(variant) / time('bare') - 1) * 100).toFixed(1)} % |`,
  );
  return [
    '| CPU time of a request, Koa hello world with a router | µs | more |',
    '|---|---:|---:|',
    ...rows,
  ].join('\n');
}

function ask(agent: Agent, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    request({ agent, hostname: '127.0.0.1', port, path: '/users/42' }, (response) => {
      response.resume();
      response.once('end', resolve);
    })
      .once('error', reject)
      .end();
  });
}
