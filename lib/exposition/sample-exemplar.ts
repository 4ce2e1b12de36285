/** The exemplars of samples of third-party metrics, in the shape of prom-client. */
import { codePoints, maxCodePoints } from '../instruments/exemplar-labels.js';
import type { Sample } from '../instruments/instrument.js';
import { isUserLabelName } from '../naming.js';
import { labelText, numberText } from './format.js';

/** A valid exemplar. */
export interface ReadExemplar {
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly value: number;
  /** Seconds since 1970. */
  readonly timestamp: number | undefined;
}

/** The exemplar of a sample, if it has one; `invalid` if it violates OpenMetrics. */
export function readExemplar(sample: Sample): ReadExemplar | 'invalid' | undefined {
  const { exemplar } = sample as { exemplar?: unknown };
  if (typeof exemplar !== 'object' || exemplar === null) return undefined;
  const { labelSet, value, timestamp } = exemplar as {
    labelSet?: Readonly<Record<string, unknown>>;
    value?: unknown;
    timestamp?: unknown;
  };
  const labels = Object.entries(labelSet ?? {}).map(([name, text]) => [name, String(text)] as const);
  if (labels.length === 0) return undefined;
  const isValid = typeof value === 'number' && codePoints(labels) <= maxCodePoints;
  if (!isValid || !labels.every(([name]) => isUserLabelName(name))) return 'invalid';
  return { labels, value, timestamp: Number.isFinite(timestamp) ? (timestamp as number) : undefined };
}

/** An exemplar in OpenMetrics, behind its sample. */
export function exemplarText({ labels, value, timestamp }: ReadExemplar): string {
  const when = timestamp === undefined ? '' : ` ${timestamp}`;
  return ` # {${labels.map(([name, text]) => labelText(name, text)).join(',')}} ${numberText(value)}${when}`;
}
