/** Which methods record which metric, as decorators note it when a class is defined. Nothing reads it but the dashboard. */
import { processWide } from './process-wide.js';

/** A method that records a metric. */
export interface InstrumentedMethodNote {
  readonly decorator: string;
  /** The names of its metrics, as defined. */
  readonly metrics: readonly string[];
  /** `Class.method`. Called later: the class of a method is not known when it is decorated. */
  readonly name: () => string;
}

/** A program that defines classes in a loop must not use up memory. */
const maxNotes = 2_000;

const notes = processWide('instrumented methods', () => [] as InstrumentedMethodNote[]);

export function noteInstrumentedMethod(note: InstrumentedMethodNote): void {
  if (notes.length < maxNotes) notes.push(note);
}

/** The methods that record a metric, by name, without duplicates. */
export function methodsRecording(metric: string): { readonly method: string; readonly decorator: string }[] {
  const found = new Map<string, { readonly method: string; readonly decorator: string }>();
  for (const { decorator, metrics, name } of notes) {
    if (!metrics.includes(metric)) continue;
    const method = name();
    found.set(`${method} ${decorator}`, { method, decorator });
  }
  return [...found.values()].sort((a, b) => (a.method < b.method ? -1 : 1));
}
