/** How long an answer is given again. */
import test from 'ava';
import { spacedAnswers } from '../../../lib/history/spaced-answers.js';

test('an answer that took long is given again for longer, at most for a minute', async (t) => {
  let now = 0;
  let made = 0;
  const ask = spacedAnswers<number>(() => now);
  const taking = (milliseconds: number) => async (): Promise<number> => {
    now += milliseconds;
    return ++made;
  };
  for (const [question, cost, age] of [
    ['cheap', 1, 100],
    ['expensive', 350, 35_000],
    ['too expensive', 5_000, 60_000],
  ] as const) {
    const first = await ask(question, taking(cost));
    now += age - 1;
    t.is(await ask(question, taking(cost)), first, question);
    now += 1;
    t.is(await ask(question, taking(cost)), first + 1, question);
  }
  t.is(made, 6);
});

test('those who ask at the same time share one answer, and one that fails is made anew', async (t) => {
  const now = 0;
  const ask = spacedAnswers<string>(() => now);
  let made = 0;
  const make = async (): Promise<string> => {
    made++;
    if (made === 2) throw new Error('no');
    return `answer ${made}`;
  };
  t.deepEqual(await Promise.all([ask('a', make), ask('a', make)]), ['answer 1', 'answer 1']);
  await t.throwsAsync(ask('b', make), { message: 'no' });
  t.is(await ask('b', make), 'answer 3');
});

test('the answers of twenty questions are kept', async (t) => {
  let now = 0;
  const ask = spacedAnswers<number>(() => now);
  let made = 0;
  const make = async (): Promise<number> => {
    now += 10;
    return ++made;
  };
  for (let question = 0; question < 21; question++) await ask(String(question), make);
  t.is(await ask('20', make), 21);
  t.is(await ask('0', make), 22);
});
