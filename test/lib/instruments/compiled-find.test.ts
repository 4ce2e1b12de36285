/** The look-up that is compiled for a metric returns the same series as the generic one. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { defineCounter } from '../../../lib/define.js';
import { findsBeforeCompiling } from '../../../lib/instruments/compiled-find.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry } from '../../../lib/testing.js';
import { compiled } from '../../helpers/package-root.js';

const labels = { constructor: label(), b: label(), class: label() };

function counters() {
  const registry = createTestRegistry({ maxSeries: 100_000 });
  const lint = { allow: ['snake-case'], why: 'names that JavaScript has uses for' } as const;
  const compiled = registry.counter(defineCounter({ name: 'compiled_total', help: 'C.', labels, lint }));
  const plain = registry.counter(defineCounter({ name: 'plain_total', help: 'P.', labels, lint }));
  const warm = { constructor: 'warm', b: 'warm', class: 'warm' };
  for (let time = 0; time < findsBeforeCompiling * 2; time++) compiled.inc(warm);
  plain.inc(warm, findsBeforeCompiling * 2);
  return { compiled, plain };
}

const value = fc.oneof(
  fc.constantFrom('a', 'b', '1', '', 'warm', '\ud800'),
  fc.constantFrom(0, 1, -0, 1.5, Number.NaN),
  fc.constantFrom<unknown>(true, null, undefined, 1n, {}, Symbol('no')),
);
const given = fc.oneof(
  fc.record({ constructor: value, b: value, class: value }),
  fc.record({ class: value, constructor: value, b: value }),
  fc.record({ constructor: value, b: value, class: value }, { requiredKeys: [] }),
  fc.record({ constructor: value, b: value, class: value, extra: value }, { requiredKeys: ['extra'] }),
);

test('the compiled look-up gives the same series or error as the generic one', (t) => {
  fc.assert(
    fc.property(fc.array(given, { maxLength: 40 }), (sets) => {
      const { compiled, plain } = counters();
      for (const [index, set] of sets.entries()) {
        if (index % 7 === 6) {
          // Removed series are not found, and are created again.
          compiled.removeWhere({ b: 'a' } as never);
          plain.removeWhere({ b: 'a' } as never);
        }
        t.is(
          outcomeOf(() => compiled.inc(set as never)),
          outcomeOf(() => plain.inc(set as never)),
        );
      }
      const seriesOf = ({ series }: typeof plain) =>
        [...series].map((each) => [...series.valuesOf(each), each.value]);
      t.deepEqual(seriesOf(compiled), seriesOf(plain));
    }),
    { numRuns: 300 },
  );
});

/** The generic look-up: it has not been called often enough to be compiled. */
function outcomeOf(call: () => void): string {
  try {
    call();
    return 'recorded';
  } catch (error) {
    return (error as Error).message.replace(/compiled_total|plain_total/, 'metric');
  }
}

test('the generic look-up is used if code generation is disallowed', async (t) => {
  const program = `
    import { defineCounter, label, MetricsRegistry } from '@tamma/observability';
    const counter = new MetricsRegistry().counter(defineCounter({ name: 'a_total', help: 'A.', labels: { b: label() } }));
    for (let time = 0; time < ${findsBeforeCompiling * 3}; time++) counter.inc({ b: 'x' });
    console.log(counter.with({ b: 'x' }).value);`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', program],
    { cwd: compiled('') },
  );
  t.is(stdout.trim(), String(findsBeforeCompiling * 3));
});
