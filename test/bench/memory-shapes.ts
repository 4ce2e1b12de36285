/**
 * Label sets as they come: in which of the labels does the variety lie? Each set has strings of its own, flat ones, as a
 * service reads them off the wire.
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

/** What a template makes is a rope, which takes more memory until somebody flattens it: that would be measured, too. */
function text(rope: string): string {
  return Buffer.from(rope).toString('latin1');
}
