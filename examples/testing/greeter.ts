/** The code under test: it counts greetings in the registry that it is given, or in the shared one. */
import { type AnyRegistry, defineCounter, label, sharedRegistry } from '@tamma/observability';

export const greetings = defineCounter({
  name: 'greetings_total',
  help: 'Greetings, by outcome.',
  labels: { outcome: label('success', 'failure') },
});

export async function greet(language: string, registry: AnyRegistry = sharedRegistry): Promise<string> {
  const isKnown = language === 'en';
  registry.counter(greetings).inc({ outcome: isKnown ? 'success' : 'failure' });
  if (!isKnown) throw new Error(`unknown language: ${language}`);
  return 'Hello';
}
