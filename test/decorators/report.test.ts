import test from 'ava';
import { Counted, instrumentationReport, Timed } from '../../decorators/index.js';
import { createTestRegistry } from '../../lib/testing.js';

const registry = createTestRegistry();
const key = Symbol('key');

class Provider {
  @Counted({ registry })
  @Timed({ registry })
  send(): void {}
  cancel(): void {}
  get size(): number {
    throw new Error('a getter must not run');
  }
  field = (): void => {};
  [key](): void {}
  @Counted({ registry })
  static make(): void {}
}
class Platform {
  open(): void {}
}

test('the report lists the public methods without a metric', (t) => {
  const report = instrumentationReport([Provider, Platform]);
  t.deepEqual(report.uninstrumented, ['Provider.cancel', 'Provider.[key]', 'Platform.open']);
  t.deepEqual(report.methods[0], {
    class: 'Provider',
    method: 'send',
    static: false,
    metrics: ['method_duration_seconds', 'method_calls_total'],
  });
  t.is(report.methods.length, 5);
});

test('a static method and an instance method of the same name are listed separately', (t) => {
  class Both {
    @Counted({ registry })
    send(): void {}
    static send(): void {}
    open(): void {}
    @Counted({ registry })
    static open(): void {}
  }
  t.deepEqual(
    instrumentationReport([Both]).methods.map(({ method, static: isStatic, metrics }) => [
      method,
      isStatic,
      metrics.length,
    ]),
    [
      ['send', false, 1],
      ['open', false, 0],
      ['send', true, 0],
      ['open', true, 1],
    ],
  );
});

test('the report is printed as a table', (t) => {
  t.is(
    String(instrumentationReport([Provider, Platform])),
    `method                metrics
Provider.send         method_duration_seconds, method_calls_total
Provider.cancel       NONE
Provider.[key]        NONE
static Provider.make  method_calls_total
Platform.open         NONE`,
  );
});

test('the list of uninstrumented methods is empty if none is missing', (t) => {
  class Complete {
    @Counted({ registry })
    run(): void {}
  }
  t.deepEqual(instrumentationReport([Complete]).uninstrumented, []);
  t.deepEqual(instrumentationReport([]).methods, []);
});
