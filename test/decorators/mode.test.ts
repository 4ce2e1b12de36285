import test from 'ava';

/** The arguments of a decorator show the mode: a context object, or a target, a key and a descriptor. */
function seenMode(): 'standard' | 'legacy' {
  let mode: 'standard' | 'legacy' | undefined;
  function probe(...at: unknown[]): void {
    mode = at.length === 2 && typeof at[1] === 'object' ? 'standard' : 'legacy';
  }
  class Probed {
    @probe
    method(): void {}
  }
  new Probed().method();
  if (mode === undefined) throw new Error('the decorator did not run');
  return mode;
}

// Without this test, a legacy run with ignored settings would silently run everything in standard mode twice.
test('the tests of decorators are compiled in the decorator mode of their suite', (t) => {
  t.is<string | undefined, string | undefined>(seenMode(), process.env.DECORATOR_MODE);
});
