// In a process of its own: it records in the shared registry.
/** Calls that could not be ended because the stack was full. */
import test from 'ava';
import { recording } from '../../decorators/contained-observer.js';
import { type CallObserver, ObservedCall } from '../../decorators/observed-call.js';
import { finish, finishOnEmptyStack, unfinished } from '../../decorators/unfinished-calls.js';
import { metricsRecordingErrors } from '../../lib/catalogue/self.js';
import { sharedRegistry } from '../../lib/registry.js';
import { readValue } from '../../lib/testing.js';

function add(observer: CallObserver, changes: Partial<ObservedCall> = {}): ObservedCall {
  const call = new ObservedCall(undefined, [], { holder: undefined }, observer);
  Object.assign(call, changes);
  call.next = unfinished.first;
  unfinished.first = call;
  return call;
}

/** An observer that notes how calls ended. */
function noting(ended: unknown[]): CallObserver {
  return { end: ({ outcome, error }, started) => void ended.push([outcome, error, started]) };
}

const overflow = (): never => {
  throw new RangeError('Maximum call stack size exceeded');
};

for (const [where, end] of [
  ['by a call further up the stack', finish],
  ['on an empty stack', finishOnEmptyStack],
] as const) {
  test.serial(`they end ${where}, the last one first, each as it would have ended`, (t) => {
    const ended: unknown[] = [];
    const error = new Error('no');
    add(noting(ended), { started: 1 });
    add({});
    add(noting(ended), { started: 2, outcome: 'failure', error });
    end();
    t.deepEqual(ended, [
      ['failure', error, 2],
      ['success', undefined, 1],
    ]);
    t.is(unfinished.first, undefined);
    end();
    t.is(ended.length, 2);
  });
}

test.serial('a call whose end overflows the stack again is kept, with those after it', (t) => {
  const ended: unknown[] = [];
  add(noting(ended));
  let isFull = true;
  const call = add({ end: () => (isFull ? overflow() : ended.push('second')) });
  t.throws(finish, { instanceOf: RangeError });
  t.is(unfinished.first, call);
  t.deepEqual(ended, []);
  isFull = false;
  finish();
  t.deepEqual(ended, ['second', ['success', undefined, undefined]]);
});

test.serial('after 201 overflows, the rest waits for an empty stack', async (t) => {
  let ends = 0;
  const call = add({
    end: () => {
      ends += 1;
      if (ends <= 201) overflow();
    },
  });
  for (let time = 0; time < 201; time++) t.throws(finish, { instanceOf: RangeError });
  t.notThrows(finish);
  t.is(ends, 201);
  t.is(unfinished.first, call);
  await Promise.resolve();
  t.is(ends, 202);
  t.is(unfinished.first, undefined);
});

test.serial('an end that overflows an empty stack is dropped and counted, and the others end', (t) => {
  const ended: unknown[] = [];
  const depths: number[] = [];
  add(noting(ended));
  add({ end: overflow });
  add({
    end: (call) => {
      depths.push(recording.depth);
      // It makes another call that cannot end.
      add({ end: () => void ended.push('endless') }, { started: call });
    },
  });
  const depth = recording.depth;
  const failures = (): number =>
    readValue(sharedRegistry, metricsRecordingErrors, { metric: 'decorated method', reason: 'recording' }) ??
    0;
  const before = failures();
  finishOnEmptyStack();
  t.is(failures(), before + 1);
  t.deepEqual(ended, [['success', undefined, undefined]]);
  t.is(unfinished.first, undefined);
  t.deepEqual(depths, [depth + 9], 'calls that it makes are not observed');
  t.is(recording.depth, depth);
});
