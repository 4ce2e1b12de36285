// In a process of its own: it loads copies of the package, which share the state of the process.
/** Several copies of the built package in one process. */
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type * as Decorators from '../../decorators/index.js';
import { methodCalls } from '../../lib/catalogue/method.js';
import type * as Root from '../../lib/index.js';
import type * as Testing from '../../lib/testing.js';
import type * as Middleware from '../../middleware/index.js';
import { requireFreshBuild } from '../helpers/fresh-build.js';
import { fromRoot } from '../helpers/package-root.js';
import { inSpan, startTracing } from '../helpers/tracing.js';

interface Copy {
  readonly root: typeof Root;
  readonly decorators: typeof Decorators;
  readonly middleware: typeof Middleware;
  readonly testing: typeof Testing;
}

const require = createRequire(import.meta.url);
const globalsBefore = enumerableGlobals();

/** The first loaded copy, a second one with the same prom-client, and a third one with its own prom-client. */
let first: Copy;
let beside: Copy;
let withOwnClient: Copy;

function enumerableGlobals(): PropertyKey[] {
  return Reflect.ownKeys(globalThis).filter((key) =>
    Object.prototype.propertyIsEnumerable.call(globalThis, key),
  );
}

async function loadCopy(folder: string, { ownClient = false } = {}): Promise<Copy> {
  await mkdir(join(folder, 'node_modules'), { recursive: true });
  await cp(fromRoot('dist'), join(folder, 'dist'), { recursive: true });
  const { dependencies } = require(fromRoot('package.json')) as { dependencies: Record<string, string> };
  await mkdir(join(folder, 'node_modules/@opentelemetry'));
  // The last is a dependency of prom-client.
  for (const name of [...Object.keys(dependencies), '@opentelemetry/api'])
    await symlink(fromRoot(`node_modules/${name}`), join(folder, 'node_modules', name));
  const client = join(folder, 'node_modules/prom-client');
  if (ownClient) await cp(fromRoot('node_modules/prom-client'), client, { recursive: true });
  else await symlink(fromRoot('node_modules/prom-client'), client);
  return {
    root: require(join(folder, 'dist/lib/index.js')),
    decorators: require(join(folder, 'dist/decorators/index.js')),
    middleware: require(join(folder, 'dist/middleware/index.js')),
    testing: require(join(folder, 'dist/lib/testing.js')),
  };
}

let folder = '';

test.before(async () => {
  await requireFreshBuild();
  folder = await mkdtemp(join(tmpdir(), 'tamma-copies-'));
  first = await loadCopy(join(folder, 'first'));
  beside = await loadCopy(join(folder, 'beside'));
  withOwnClient = await loadCopy(join(folder, 'own'), { ownClient: true });
});

test.after.always(() => rm(folder, { recursive: true, force: true }));

const others = {
  'a copy with the same prom-client': () => beside,
  'a copy with its own prom-client': () => withOwnClient,
};

test('the copies are separate modules', (t) => {
  t.not(first.root.MetricsRegistry, beside.root.MetricsRegistry);
  t.not(first.root.MetricsRegistry, withOwnClient.root.MetricsRegistry);
});

test('loading the package adds no enumerable global', (t) => {
  t.deepEqual(enumerableGlobals(), globalsBefore);
});

test('OpenTelemetry that one copy finds gives exemplars to the instruments of all copies', async (t) => {
  const registry = new first.root.MetricsRegistry();
  const counter = registry.counter(first.root.defineCounter({ name: 'spans_total', help: 'In spans.' }));
  // After the first few hundred, recordings no longer look for OpenTelemetry.
  for (let count = 0; count < 1_000; count++) counter.inc();
  startTracing();
  await new beside.root.MetricsRegistry().metrics();
  const ids = inSpan((span) => {
    counter.inc(2);
    return span;
  });
  t.regex(
    await registry.metrics({ format: 'openmetrics' }),
    new RegExp(`^spans_total 1002 # \\{trace_id="${ids.trace_id}",span_id="${ids.span_id}"\\} 2 `, 'm'),
  );
});

for (const [index, [what, copy]] of Object.entries(others).entries()) {
  test(`${what} has the same sharedRegistry, and scrapes what the first records`, async (t) => {
    const { root, testing } = copy();
    const name = `pages_${index}_total`;
    const define = ({ defineCounter, label }: typeof Root) =>
      defineCounter({ name, help: 'Pages.', labels: { route: label() } });
    t.is(root.sharedRegistry as unknown, first.root.sharedRegistry);
    const counter = first.root.sharedRegistry.counter(define(first.root));
    t.is(root.sharedRegistry.counter(define(root)) as unknown, counter);
    counter.inc({ route: '/a' });
    root.sharedRegistry.counter(define(root)).inc({ route: '/a' });
    t.is(testing.readValue(root.sharedRegistry, define(root), { route: '/a' }), 2);
    t.regex(await root.sharedRegistry.metrics(), new RegExp(`^${name}\\{route="/a"\\} 2$`, 'm'));
    t.throws(
      () => root.sharedRegistry.counter(root.defineCounter({ name, help: 'Pages.', labels: {} })),
      { instanceOf: first.root.MetricsError, code: 'ERR_METRICS_DEFINITION_CONFLICT' },
      'a different shape is a conflict',
    );
  });

  test(`${what} recognizes instruments, registries, errors and health checks of the first`, (t) => {
    const { root, middleware } = copy();
    t.true(first.root.sharedRegistry instanceof root.MetricsRegistry);
    t.true(new first.root.MetricsRegistry() instanceof root.MetricsRegistry);
    t.true(new first.root.HealthChecks() instanceof root.HealthChecks);
    const error = t.throws(() => first.root.defineCounter({ name: '-', help: 'Refused.' }));
    t.true(error instanceof root.MetricsError);
    t.notThrows(() => middleware.healthRouter({ checks: new first.root.HealthChecks() as never }));
    for (const value of [{}, new Error('any'), null, 1, root.MetricsRegistry.prototype.constructor])
      t.false((value as unknown) instanceof root.MetricsRegistry);
  });

  test(`the exemplars of decorators of ${what} are those of instruments of the first`, async (t) => {
    const { decorators, root } = copy();
    const registry = new first.root.MetricsRegistry();
    const definition = root.defineCounter({ name: 'calls_total', help: 'Calls.' });
    const called = decorators.instrument(
      function called() {},
      decorators.Counted(definition, { registry: registry as never, exemplar: () => ({ id: 'own' }) }),
      decorators.PlatformRequest({ registry: registry as never, exemplar: () => ({ id: 'preset' }) }),
    );
    called();
    const text = await registry.metrics({ format: 'openmetrics' });
    t.regex(text, /^calls_total 1 # \{.*id="own"\} 1 /m);
    t.regex(text, /^api_requests_total\{.*\} 1 # \{.*id="preset"\} 1 /m);
  });

  test(`${what} recognizes EscalationError of the first as an escalation`, async (t) => {
    const { decorators, testing } = copy();
    const registry = testing.createTestRegistry();
    const escalating = decorators.instrument(function escalate() {
      throw new first.root.EscalationError('To a human.', { severity: 'high', reason: 'unclear' } as never);
    }, decorators.Counted({ registry }));
    t.throws(escalating, { instanceOf: first.root.EscalationError });
    const [sample] = await testing.readSamples(registry, methodCalls);
    t.like(sample, { labels: { outcome: 'escalation' } });
  });

  test(`${what} finds the labels that \`withLabels\` of the first set, and the settings of \`@Instrumented\``, (t) => {
    const { decorators, testing, root } = copy();
    const registry = testing.createTestRegistry();
    const steps = root.defineCounter({
      name: 'steps_total',
      help: 'Steps.',
      labels: { tenant: root.label(), component: root.label() },
    });
    const labels = {
      tenant: decorators.fromContext('tenant'),
      component: decorators.fromClass('component'),
    };
    class Steps {
      run(): void {}
    }
    decorate(Steps, decorators.Counted(steps, { labels }));
    first.decorators.Instrumented({ labels: { component: 'own' }, registry })(Steps, undefined as never);
    first.decorators.withLabels({ tenant: 'acme' }, () => new Steps().run());
    t.is(testing.readValue(registry, steps, { tenant: 'acme', component: 'own' }), 1);
    t.like(first.decorators.getInstrumentation(Steps), [
      { method: 'run', metrics: [{ definition: { name: 'steps_total' } }] },
    ]);
  });

  test(`a stream through methods decorated by ${what} and by the first is recorded once by each`, async (t) => {
    const { decorators, testing } = copy();
    const registry = testing.createTestRegistry();
    const recordedCalls = async (): Promise<number> =>
      (await testing.readSamples(registry, methodCalls)).length;
    const inner = first.decorators.instrument(
      async function* inner() {
        yield 1;
      },
      first.decorators.Counted({ registry: registry as never }),
    );
    const outer = decorators.instrument(function outer() {
      return inner();
    }, decorators.Counted({ registry }));
    for await (const _ of outer()) t.is(await recordedCalls(), 0);
    t.is(await recordedCalls(), 2);
  });

  test(`${what} ends a workflow run that the first started, and does not start it twice`, (t) => {
    const { root, testing } = copy();
    const registry = testing.createTestRegistry();
    const one = new first.root.WorkflowMetrics({ registry: registry as never });
    const two = new root.WorkflowMetrics({ registry });
    const run = { workflowId: '42', workflowType: 'issue', provider: 'anthropic-claude', platform: 'github' };
    one.recordWorkflowStart(run);
    two.recordWorkflowStart(run);
    const loops = root.catalogue.activeAutonomousLoops;
    t.is(testing.readValue(registry, loops, { workflow_type: 'issue' }), 1);
    two.recordWorkflowComplete(run, 1);
    one.recordWorkflowComplete(run, 1);
    t.is(testing.readValue(registry, loops, { workflow_type: 'issue' }), 0);
  });

  test(`createMetrics of ${what} adds Node.js metrics to a registry of the first`, async (t) => {
    const registry = new first.root.MetricsRegistry();
    const metrics = copy().root.createMetrics({}, { registry, server: false, signals: false });
    await metrics.start();
    t.regex(await registry.metrics(), /^process_cpu_user_seconds_total /m);
    await metrics.stop();
  });
}

test('subclasses of users keep normal instanceof behaviour', (t) => {
  class OwnRegistry extends first.root.MetricsRegistry {}
  class OwnError extends first.root.MetricsError {}
  t.true(new OwnRegistry() instanceof OwnRegistry);
  t.true(new OwnRegistry() instanceof beside.root.MetricsRegistry);
  t.false(new first.root.MetricsRegistry() instanceof OwnRegistry);
  t.false(new beside.root.MetricsRegistry() instanceof OwnRegistry);
  const error: unknown = t.throws(() => first.root.defineCounter({ name: '-', help: 'Refused.' }));
  t.false(error instanceof OwnError);
});

/** Decorates the method `run` as TypeScript does with `experimentalDecorators`. */
function decorate(ofClass: { prototype: object }, decorator: unknown): void {
  const { prototype } = ofClass;
  const descriptor = Reflect.getOwnPropertyDescriptor(prototype, 'run');
  const decorated = (decorator as (...args: unknown[]) => PropertyDescriptor | undefined)(
    prototype,
    'run',
    descriptor,
  );
  Reflect.defineProperty(prototype, 'run', decorated ?? descriptor ?? {});
}
