/** Tests of prom-client's contract: equal behaviour, and intended differences. */
import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import { ourSide, promClientSide, type Side } from './sides.js';

/** The result of a statement: its return value, or the error that it throws. */
type Result = unknown;

/** The result of a statement that throws any error. */
export const refused = Symbol('refused');

/** The result of a statement that throws our error with this code. */
export function refusedWith(code: string): Result {
  return { code };
}

/** Tests that prom-client and this package behave equally. */
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
 * Tests an intended difference.
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
