// In a process of its own: it records in the shared registry.
/** Presets whose registry cannot be found. */
import test from 'ava';
import { Instrumented, WorkflowStep } from '../../../decorators/index.js';
import { catalogue } from '../../../lib/catalogue/catalogue.js';
import { sharedRegistry } from '../../../lib/registry.js';
import { createTestRegistry, readValue } from '../../../lib/testing.js';

const metric = catalogue.workflowStepDuration.name;
const failures = (): number =>
  readValue(sharedRegistry, catalogue.metricsRecordingErrors, { metric, reason: 'registry' }) ?? 0;

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
