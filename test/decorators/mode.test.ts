import test from 'ava';

/** What a decorator is called with shows the mode: a context object, or a target, a key and a descriptor. */
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

// Without this, a legacy run whose settings are ignored would silently run everything in standard mode twice.
test('the tests of decorators are compiled in the decorator mode of their suite', (t) => {
  t.is<string | undefined, string | undefined>(seenMode(), process.env.DECORATOR_MODE);
});
