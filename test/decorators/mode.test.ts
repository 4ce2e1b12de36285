import test from 'ava';

/** What a decorator is called with tells the mode: a context object, or a target, a key and a descriptor. */
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

// Guards the legacy run: were its settings not read, every test below would silently run in standard mode twice.
test('the files of this folder are compiled in the mode that the run asks for', (t) => {
  t.is(seenMode(), process.env.TSX_TSCONFIG_PATH?.includes('legacy') ? 'legacy' : 'standard');
});
