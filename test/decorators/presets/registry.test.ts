// In a process of its own: it records in the shared registry.
/** Presets whose registry cannot be found. */
import test from 'ava';
import {
  Instrumented,
  PlatformRequest,
  ProviderRequest,
  WorkflowRun,
  WorkflowStep,
} from '../../../decorators/index.js';
import { catalogue } from '../../../lib/catalogue/catalogue.js';
import { sharedRegistry } from '../../../lib/registry.js';
import { createTestRegistry, readHistogram, readValue } from '../../../lib/testing.js';

const metric = catalogue.workflowStepDuration.name;
const failuresOf = (metric: string, reason: string): number =>
  readValue(sharedRegistry, catalogue.metricsRecordingErrors, { metric, reason }) ?? 0;
const failures = (): number => failuresOf(metric, 'registry');

test.serial('a registry function that fails is counted in the shared registry, and the call goes on', (t) => {
  class Workflow {
    @WorkflowStep({
      registry: () => {
        throw new Error('no registry');
      },
    })
    plan(): string {
      return 'done';
    }
  }
  const before = failures();
  t.is(new Workflow().plan(), 'done');
  t.is(failures(), before + 1);
});

test.serial('a registry that fails is counted by the first metric of a preset, once per call', (t) => {
  const registry = (): never => {
    throw new Error('no registry');
  };
  class Everything {
    @WorkflowRun({ registry, issueType: () => 'bug' })
    run(): number {
      return 1;
    }
    @WorkflowStep({ registry })
    plan(): number {
      return 1;
    }
    @PlatformRequest({ registry, effect: 'pr_merged' })
    merge(): number {
      return 1;
    }
    @ProviderRequest({ registry })
    *ask(): Generator<number> {
      yield 1;
    }
  }
  const counts = (): number[] => [
    ...[
      catalogue.workflowsStarted,
      catalogue.workflowStepDuration,
      catalogue.apiRequests,
      catalogue.aiRequests,
    ].map(({ name }) => failuresOf(name, 'registry')),
    failuresOf('decorated method', 'recording'),
  ];
  const before = counts();
  const everything = new Everything();
  t.deepEqual([everything.run(), everything.plan(), everything.merge(), ...everything.ask()], [1, 1, 1, 1]);
  t.deepEqual(
    counts().map((count, index) => count - (before[index] ?? 0)),
    [1, 1, 1, 1, 0],
  );
});

test.serial(
  'a call is recorded although its registry fails while the failure of a label is reported',
  (t) => {
    const registry = createTestRegistry();
    let asked = 0;
    class Workflow {
      @WorkflowStep({
        registry: () => {
          asked += 1;
          if (asked > 1) throw new Error('no registry');
          return registry;
        },
        labels: {
          workflow_type: 'issue',
          step_name: () => {
            throw new Error('no name');
          },
        },
      })
      plan(): void {}
    }
    const counts = (): number[] => [failures(), failuresOf('decorated method', 'recording')];
    const before = counts();
    new Workflow().plan();
    t.deepEqual(
      counts().map((count, index) => count - (before[index] ?? 0)),
      [1, 0],
    );
    t.is(readHistogram(registry, catalogue.workflowStepDuration, { workflow_type: 'issue' })?.count, 1);
  },
);

test.serial('a call on an object whose class cannot be read goes on, and the failure is counted', (t) => {
  // While a registry is off, calls look whether it is theirs.
  createTestRegistry().disable();
  @Instrumented({ registry: createTestRegistry() })
  class Workflow {
    @WorkflowStep()
    plan(): string {
      return 'done';
    }
  }
  const hidden = new Proxy(new Workflow(), {
    getPrototypeOf: () => {
      throw new Error('no prototype');
    },
  });
  const before = failures();
  t.is(hidden.plan(), 'done');
  t.is(failures(), before + 1);
});
