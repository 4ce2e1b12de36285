/** Spaces what is expensive to answer: the longer it takes, the longer its answer is given again. */

/** The share of the time that making answers to one question may take, as that of the readings of open pages. */
const maxShare = 0.01;

/** Milliseconds after which even the most expensive answer is made anew. */
const maxAge = 60_000;

/** Questions whose answers are kept. */
const maxKept = 20;

interface KeptAnswer<T> {
  readonly answer: Promise<T>;
  /** When it is too old. */
  until: number;
}

/** The kept answer to a question, or a new one. Those who ask while it is made share it. */
export type SpacedAnswers<T> = (question: string, make: () => Promise<T>) => Promise<T>;

/** @param now milliseconds from any start; replaced in tests */
export function spacedAnswers<T>(now: () => number = () => performance.now()): SpacedAnswers<T> {
  const kept = new Map<string, KeptAnswer<T>>();
  return (question, make) => {
    const existing = kept.get(question);
    if (existing !== undefined && now() < existing.until) return existing.answer;
    const start = now();
    const made: KeptAnswer<T> = { answer: make(), until: Number.POSITIVE_INFINITY };
    kept.delete(question);
    kept.set(question, made);
    const [oldest] = kept.keys();
    if (oldest !== undefined && kept.size > maxKept) kept.delete(oldest);
    const settle = (share: number): void => {
      const end = now();
      made.until = end + Math.min(maxAge, (end - start) / share);
    };
    made.answer.then(
      () => settle(maxShare),
      // What failed is made anew by the next question.
      () => settle(Number.POSITIVE_INFINITY),
    );
    return made.answer;
  };
}
