/** Content negotiation: the format and encoding of a scrape (RFC 9110, 12.5.1 and 12.5.3). */
import type { AnyFormat } from './family-writer.js';
import { openMetricsFormat, openMetricsWithCreated } from './open-metrics.js';
import { protobufFormat, protobufMessage } from './protobuf-format.js';
import { textFormat } from './text.js';

/** One entry of an Accept or Accept-Encoding header. */
interface Preference {
  readonly value: string;
  readonly parameters: ReadonlyMap<string, string>;
  /** 0 to 1; 0 refuses. */
  readonly quality: number;
}

/** Longer headers are ignored; no client needs them. */
const maxHeader = 4_096;

/**
 * The format that an Accept header prefers. Text 0.0.4 without a preference, and also if it accepts no format: an unusual
 * scraper still gets metrics, as with client_golang.
 * @param createdSamples whether OpenMetrics includes `_created` samples
 */
export function negotiatedFormat(accept: string | undefined, createdSamples = false): AnyFormat {
  let best: { readonly format: AnyFormat; readonly quality: number } = {
    format: textFormat,
    quality: 0,
  };
  for (const preference of preferences(accept)) {
    const format = formatOf(preference);
    // At equal quality the first entry wins, so that a wildcard does not override an earlier name.
    if (format !== undefined && preference.quality > best.quality)
      best = { format, quality: preference.quality };
  }
  return createdSamples && best.format === openMetricsFormat ? openMetricsWithCreated : best.format;
}

/** The media type that an Accept header prefers: by quality, then specificity, then order; by default the first given one. */
export function preferredMediaType(
  accept: string | undefined,
  types: readonly [string, ...string[]],
): string {
  const listed = preferences(accept);
  let best: { type: string; rank: readonly number[] } | undefined;
  for (const type of types) {
    const ranges = [type, `${type.split('/')[0]}/*`, '*/*'];
    const values = listed.map(({ value }) => value);
    const precision = ranges.findIndex((range) => values.includes(range));
    const place = values.indexOf(ranges[precision] ?? '');
    const quality = listed[place]?.quality ?? 0;
    const rank = [quality, -precision, -place];
    if (quality > 0 && (best === undefined || isAbove(rank, best.rank))) best = { type, rank };
  }
  return best?.type ?? types[0];
}

function isAbove(rank: readonly number[], other: readonly number[]): boolean {
  const index = rank.findIndex((each, place) => each !== other[place]);
  return index !== -1 && Number(rank[index]) > Number(other[index]);
}

/** Whether an Accept-Encoding header accepts gzip. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  let wildcard = 0;
  for (const { value, quality } of preferences(acceptEncoding)) {
    if (value === 'gzip' || value === 'x-gzip') return quality > 0;
    if (value === '*') wildcard = quality;
  }
  return wildcard > 0;
}

function formatOf({ value, parameters }: Preference): AnyFormat | undefined {
  const version = parameters.get('version');
  switch (value) {
    case 'application/openmetrics-text':
      return version === undefined || version === '1.0.0' ? openMetricsFormat : undefined;
    // `escaping`, of newer versions of Prometheus, changes nothing: all names are valid without it.
    case 'application/vnd.google.protobuf':
      return parameters.get('proto') === protobufMessage && parameters.get('encoding') === 'delimited'
        ? protobufFormat
        : undefined;
    case 'text/plain':
      return version === undefined || version === '0.0.4' ? textFormat : undefined;
    case 'text/*':
    case '*/*':
      return textFormat;
    default:
      return undefined;
  }
}

function preferences(header: string | undefined): Preference[] {
  if (header === undefined || header.length > maxHeader) return [];
  return header.split(',').flatMap((member) => {
    const [value = '', ...rest] = member.split(';').map((part) => part.trim());
    if (value === '') return [];
    const parameters = new Map(
      rest.map((parameter) => {
        const [name = '', text = ''] = parameter.split('=', 2);
        return [name.trim().toLowerCase(), text.trim().replace(/^"(.*)"$/, '$1')] as const;
      }),
    );
    return [{ value: value.toLowerCase(), parameters, quality: qualityOf(parameters.get('q')) }];
  });
}

/** An invalid quality counts as 1, and so does one above 1. */
function qualityOf(text: string | undefined): number {
  if (text === undefined) return 1;
  return /^\d(?:\.\d*)?$/.test(text) ? Math.min(1, Number(text)) : 1;
}
