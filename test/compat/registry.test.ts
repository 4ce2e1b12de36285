import { Counter, Registry } from 'prom-client';
import { differs, refused, same } from './contract.js';
import { lines } from './sides.js';

for (const [way, remove] of [
  ['clear', (registry: Registry) => registry.clear()],
  ['removeSingleMetric', (registry: Registry) => registry.removeSingleMetric('jobs_total')],
] as const) {
  same(
    `\`${way}\` removes a metric and frees its name for a metric with other labels`,
    async (side) => {
      side.counter({ labelNames: ['a'] }).inc({ a: 'x' }, 5);
      remove(side.registry);
      const between = await lines(side);
      side.counter({ labelNames: ['b'] }).inc({ b: 'y' });
      return [between, await lines(side)];
    },
    [[], ['jobs_total{b="y"} 1']],
  );
  same(
    `after \`${way}\`, the same metric starts at 0`,
    async (side) => {
      side.counter().inc(5);
      remove(side.registry);
      side.counter().inc();
      return lines(side);
    },
    ['jobs_total 1'],
  );
}
same(
  '`resetMetrics` resets every metric',
  async (side) => {
    side.counter().inc(5);
    side.gauge().set(3);
    side.registry.resetMetrics();
    return lines(side);
  },
  ['jobs_total 0', 'depth 0'],
);
same(
  'default labels are added to series without them',
  async (side) => {
    side.counter({ labelNames: ['a'] }).inc({ a: 'x' });
    side.gauge().set(3);
    side.registry.setDefaultLabels({ a: 'default' });
    return lines(side);
  },
  ['jobs_total{a="x"} 1', 'depth{a="default"} 3'],
);
same(
  'metrics are returned by name, as a list and as JSON',
  async ({ registry, counter, gauge }) => {
    const [jobs] = [counter(), gauge()];
    return [
      registry.getSingleMetric('jobs_total') === (jobs as never),
      registry.getSingleMetric('nothing'),
      registry.getMetricsAsArray().length,
      (await registry.getMetricsAsJSON()).map(({ name }) => name),
      await registry.getSingleMetricAsString('depth'),
    ];
  },
  [true, undefined, 2, ['jobs_total', 'depth'], '# HELP depth Help.\n# TYPE depth gauge\ndepth 0'],
);
same(
  'a metric can be registered twice, and in several registries',
  async ({ registry, counter }) => {
    const jobs = counter();
    registry.registerMetric(jobs);
    const other = new Registry();
    other.registerMetric(jobs);
    jobs.inc();
    return [registry.getMetricsAsArray().length, /^jobs_total 1$/m.test(await other.metrics())];
  },
  [1, true],
);
same(
  'registries are merged',
  async (side) => {
    side.counter().inc();
    return /^jobs_total 1$/m.test(await Registry.merge([side.registry, new Registry()]).metrics());
  },
  true,
);
same(
  'a different metric with a used name is refused',
  ({ registry, counter }) => {
    counter();
    registry.registerMetric(new Counter({ name: 'jobs_total', help: 'Others.', registers: [] }));
  },
  refused,
);

differs(
  'Recording on a removed metric',
  async (side) => {
    const counter = side.counter();
    counter.inc(5);
    side.registry.clear();
    counter.inc();
    return lines(side);
  },
  { theirs: [], ours: ['jobs_total 1'] },
);
differs(
  'A collect function that fails',
  async (side) => {
    side.counter().inc();
    side.gauge({
      collect() {
        throw new Error('no database');
      },
    });
    return (await lines(side)).filter((line) => !line.startsWith('metrics_'));
  },
  { theirs: refused, ours: ['jobs_total 1'] },
);
differs(
  'Counters after an OpenMetrics scrape',
  async (side) => {
    side.counter();
    await side.text('openmetrics');
    return lines(side);
  },
  { theirs: ['jobs 0'], ours: ['jobs_total 0'] },
);
