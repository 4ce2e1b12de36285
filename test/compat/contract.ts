/** Statements of prom-client's contract: what is the same, and what differs on purpose. */
import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import { ourSide, promClientSide, type Side } from './sides.js';

/** What a statement comes to: what it returns, or the error it throws. */
type Result = unknown;

/** The result of a statement that throws, whatever it throws. */
export const refused = Symbol('refused');

/** The result of a statement of ours that throws an error of this code. */
export function refusedWith(code: string): Result {
  return { code };
}

/** The same on both. */
export function same(title: string, statement: (side: Side) => Result, expected: Result): void {
  for (const [name, sideOf] of Object.entries({ 'prom-client': promClientSide, ours: ourSide })) {
    test.serial(`${title} (${name})`, async (t) => {
      const result = await resultOf(() => statement(sideOf()));
      if (expected === refused) t.true(result instanceof Thrown);
      else t.deepEqual(result, expected);
    });
  }
}

/**
 * Not the same, on purpose.
 * @param difference its heading in `lib/prom-client.md`
 */
export function differs(
  difference: string,
  statement: (side: Side) => Result,
  { theirs, ours }: { readonly theirs: Result; readonly ours: Result },
): void {
  test.serial(`difference: ${difference}`, async (t) => {
    const results = {
      theirs: await resultOf(() => statement(promClientSide())),
      ours: await resultOf(() => statement(ourSide())),
    };
    if (theirs === refused) t.true(results.theirs instanceof Thrown);
    else t.deepEqual(results.theirs, theirs);
    if (results.ours instanceof Thrown) t.deepEqual({ code: results.ours.code }, ours);
    else t.deepEqual(results.ours, ours);
    t.false(isDeepStrictEqual(results.theirs, results.ours), 'it is a difference');
  });
}

class Thrown {
  readonly code: unknown;

  constructor(error: unknown) {
    this.code = (error as { code?: unknown }).code;
  }
}

async function resultOf(statement: () => Result): Promise<Result> {
  try {
    return await statement();
  } catch (error) {
    return new Thrown(error);
  }
}
