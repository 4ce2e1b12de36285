/**
 * Typical shapes of label sets: which of the labels vary. Each set has its own flat strings, as a service reads them from
 * requests.
 */
import type { Labels } from './contender.js';

export const labelSetsByShape = {
  'one label varies': (index: number): Labels => ({
    provider: 'provider',
    model: 'model',
    operation: text(`operation-${index}`),
  }),
  'all vary': (index: number): Labels => ({
    provider: text(`provider-${index}`),
    model: text(`model-${index}`),
    operation: text(`operation-${index}`),
  }),
  'few values of each': (index: number): Labels => ({
    provider: text(`provider-${index % 20}`),
    model: text(`model-${Math.floor(index / 20) % 40}`),
    operation: text(`operation-${Math.floor(index / 800)}`),
  }),
} as const;
export type MemoryShape = keyof typeof labelSetsByShape;

/** Flattens the string: a template literal creates a rope, whose additional memory would be measured too. */
function text(rope: string): string {
  return Buffer.from(rope).toString('latin1');
}
