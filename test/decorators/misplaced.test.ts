import test from 'ava';
import {
  Counted,
  Instrumented,
  PlatformRequest,
  ProviderRequest,
  Timed,
  TracksGauge,
  WorkflowRun,
  WorkflowStep,
} from '../../decorators/index.js';
import { defineCounter, defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { createTestRegistry } from '../../lib/testing.js';

// JavaScript allows what TypeScript rejects: each case is an error at class definition.
const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs.', labels: { queue: label() } });
const seconds = defineHistogram({ name: 'job_seconds', help: 'Durations.' });

type Loose = (...args: unknown[]) => (...at: unknown[]) => unknown;
const [LooseCounted, LooseTimed, LooseTracksGauge] = [Counted, Timed, TracksGauge] as unknown as [
  Loose,
  Loose,
  Loose,
];

const places: readonly [place: string, at: readonly unknown[], message: RegExp][] = [
  [
    'a getter (standard)',
    [() => 1, { kind: 'getter', name: 'size' }],
    /^@Counted cannot decorate `size`: expected a method, received a getter\. Make it a method/,
  ],
  ['a setter (standard)', [() => 1, { kind: 'setter', name: 'size' }], /received a setter/],
  ['a field (standard)', [undefined, { kind: 'field', name: 'size' }], /received a field/],
  ['an accessor (standard)', [{}, { kind: 'accessor', name: 'size' }], /received an accessor/],
  [
    'a class (standard)',
    [class Queue {}, { kind: 'class', name: 'Queue' }],
    /`Queue`: expected a method, received a class\. Put it on the methods of the class/,
  ],
  ['a getter (legacy)', [{}, 'size', { get: () => 1 }], /`size`: expected a method, received an accessor/],
  ['a field (legacy)', [{}, 'size', undefined], /`size`: expected a method, received a field/],
  ['a class (legacy)', [class Queue {}], /`Queue`: expected a method, received a class/],
];
for (const [place, at, message] of places) {
  test(`a decorator on ${place} is an error that names the decorator, the member and its kind`, (t) => {
    const registry = createTestRegistry();
    t.throws(() => LooseCounted({ registry })(...at), { code: 'ERR_METRICS_INVALID_DECORATION', message });
  });
}

test('the error of @TracksGauge on a field suggests an accessor', (t) => {
  t.throws(() => LooseTracksGauge()(undefined, { kind: 'field', name: 'size' }), {
    code: 'ERR_METRICS_INVALID_DECORATION',
    message: /received a field\. Write `accessor size`, which a gauge can follow\.$/,
  });
});

const methodDecorators = {
  Counted,
  Timed,
  TracksGauge,
  WorkflowRun,
  WorkflowStep,
  ProviderRequest,
  PlatformRequest,
} as unknown as Readonly<Record<string, Loose>>;
const members: readonly [kind: string, at: readonly unknown[]][] = [
  ['a method (standard)', [function run() {}, { kind: 'method', name: 'run' }]],
  [
    'an accessor (standard)',
    [
      { get() {}, set() {} },
      { kind: 'accessor', name: 'run' },
    ],
  ],
  ['a method (legacy)', [{ run() {} }, 'run', { value() {} }]],
  ['a static method (legacy)', [class Queue {}, 'run', { value() {} }]],
  ['a property (legacy)', [{}, 'run', undefined]],
];
for (const [name, decorator] of Object.entries(methodDecorators)) {
  for (const [kind, at] of members) {
    test(`@${name} without parentheses on ${kind} is an error that suggests the parentheses`, (t) => {
      t.throws(() => decorator(...at), {
        code: 'ERR_METRICS_INVALID_DECORATION',
        message: `@${name} is on \`run\` without parentheses: expected \`@${name}()\`, received what it decorates as its first argument.`,
      });
    });
  }
}

test('a decorator without parentheses on a method whose key is a symbol is an error that names it', (t) => {
  for (const decorator of Object.values(methodDecorators))
    t.throws(() => decorator({ run() {} }, Symbol('run'), { value() {} }), {
      code: 'ERR_METRICS_INVALID_DECORATION',
      message: /is on `Symbol\(run\)` without parentheses/,
    });
});

test('a text as the first argument is no decorated method', (t) => {
  for (const decorator of [Counted, Timed, TracksGauge] as unknown as ((...at: unknown[]) => unknown)[])
    t.throws(() => decorator('queue', 'name'), { code: 'ERR_METRICS_INVALID_OPTION' });
});

test('a decorator without parentheses throws at class definition', (t) => {
  const decorator = Counted as unknown as (...at: unknown[]) => undefined;
  t.throws(
    () => {
      class Worker {
        @decorator
        run(): void {}
      }
      return Worker;
    },
    { code: 'ERR_METRICS_INVALID_DECORATION', message: /`run` without parentheses/ },
  );
});

test('@Instrumented without parentheses is an error that suggests the parentheses', (t) => {
  const decorator = Instrumented as unknown as (...at: unknown[]) => unknown;
  for (const at of [[class Queue {}], [class Queue {}, { kind: 'class', name: 'Queue' }]])
    t.throws(() => decorator(...at), {
      code: 'ERR_METRICS_INVALID_DECORATION',
      message: /^@Instrumented is on `Queue` without parentheses: expected `@Instrumented\(\)`/,
    });
});

const options: readonly [what: string, use: () => unknown, code: string, message: RegExp][] = [
  [
    'a missing label',
    () => LooseCounted(jobs, {}),
    'ERR_METRICS_INVALID_OPTION',
    /`labels` of @Counted on metric `jobs_total`: expected a source for each of queue, received no source for `queue`/,
  ],
  [
    'a misspelt label',
    () => LooseCounted(jobs, { labels: { queue: 'a', qeue: 'b' } }),
    'ERR_METRICS_INVALID_OPTION',
    /received an unknown label `qeue`/,
  ],
  [
    'invalid labels',
    () => LooseCounted(jobs, { labels: 'queue' }),
    'ERR_METRICS_INVALID_OPTION',
    /expected an object, received "queue"/,
  ],
  [
    'a misspelt option',
    () => LooseCounted(jobs, { lables: {} }),
    'ERR_METRICS_INVALID_OPTION',
    /Unknown option `lables` of @Counted: .* Did you mean `labels`\?/,
  ],
  [
    'an unknown `when`',
    () => LooseCounted(jobs, { labels: { queue: 'a' }, when: 'sometimes' }),
    'ERR_METRICS_INVALID_OPTION',
    /`when` of @Counted: expected one of settled, success, failure, called, received "sometimes"/,
  ],
  [
    'a metric of another type',
    () => LooseTimed(jobs, { labels: { queue: 'a' } }),
    'ERR_METRICS_WRONG_TYPE',
    /@Timed cannot record on metric `jobs_total`: expected a histogram, received a counter/,
  ],
  [
    'a histogram for a gauge',
    () => LooseTracksGauge(seconds),
    'ERR_METRICS_WRONG_TYPE',
    /expected a gauge, received a histogram/,
  ],
  [
    'an argument that is not a definition',
    () => LooseCounted('jobs_total'),
    'ERR_METRICS_INVALID_OPTION',
    /expected a definition or a prom-client metric, and options, received "jobs_total"/,
  ],
];
for (const [what, use, code, message] of options) {
  test(`${what} is an error at class definition`, (t) => {
    const registry = createTestRegistry();
    t.throws(() => use(), { code, message }, String(registry.warnings.length));
  });
}

test('a member that is no method is named by its kind, in legacy mode', (t) => {
  for (const [descriptor, kind] of [
    [{ set() {} }, 'an accessor'],
    [{ get: () => 1, set() {} }, 'an accessor'],
    [{ value: 5 }, 'a field'],
    [null, 'a field'],
  ] as const)
    t.throws(() => LooseCounted()({}, 'size', descriptor), {
      message: new RegExp(`expected a method, received ${kind}\\. Make it a method`),
    });
});

test('only the error of @TracksGauge on a field suggests an accessor', (t) => {
  t.throws(() => LooseCounted()(undefined, { kind: 'field', name: 'size' }), { message: /Make it a method/ });
  t.throws(() => LooseTracksGauge()(() => 1, { kind: 'getter', name: 'size' }), {
    message: /Make it a method/,
  });
});

test('what @Instrumented is on instead of a class is named in the error', (t) => {
  for (const [at, member] of [
    [[() => 1, { kind: 'method', name: 'run' }], '`run`: expected a class, received a method'],
    [[undefined, { kind: 'field', name: 'size' }], '`size`: expected a class, received a field'],
    [[{}, 'run', {}], '`run`: expected a class, received a member'],
    [[class {}, 'run', {}], '`run`: expected a class, received a member'],
    [[class {}, Symbol('run')], '`Symbol(run)`: expected a class, received a member'],
    [[{}], '`undefined`: expected a class, received a member'],
    [[{}, null], '`null`: expected a class, received a member'],
    [[{}, {}], '`[object Object]`: expected a class, received a member'],
  ] as const)
    t.throws(() => (Instrumented() as (...at: unknown[]) => unknown)(...at), {
      code: 'ERR_METRICS_INVALID_DECORATION',
      message: new RegExp(member.replace(/[()[\]]/g, '\\$&')),
    });
});
