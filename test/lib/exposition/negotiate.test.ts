/** What an Accept header chooses; the headers of Prometheus and of browsers are tested with the formats. */
import test from 'ava';
import { acceptsGzip, negotiatedFormat, preferredMediaType } from '../../../lib/exposition/negotiate.js';

const json = 'application/json';
const health = 'application/health+json';
const text = 'text/plain';

for (const [accept, expected] of [
  [undefined, json],
  ['', json],
  ['image/png', json],
  [health, health],
  ['APPLICATION/HEALTH+JSON', health],
  [`${json};q=0.5, ${health}`, health],
  [`${json}, ${health};q=0.5`, json],
  // At equal quality, the first entry of the header.
  [`${health}, ${json}`, health],
  [`${json}, ${health}`, json],
  // A name before a range, and a range of a type before one of all.
  [`*/*, ${health}`, health],
  [`application/*, ${health}`, health],
  ['*/*, text/*', text],
  [`text/*;q=0.9, ${json};q=0.8`, text],
  ['*/*', json],
  ['application/*', json],
  ['text/*', text],
  // An empty entry chooses nothing.
  [`, ${health}`, health],
  // 0 refuses, also what a range would accept.
  [`${json};q=0, ${health}`, health],
  [`${json};q=0, */*`, health],
  [`${json};q=0`, json],
] as const)
  test(`the media type for Accept: ${accept} is ${expected}`, (t) => {
    t.is(preferredMediaType(accept, [json, health, text]), expected);
  });

test('a header of up to 4,096 characters is read, and a longer one is ignored', (t) => {
  const padded = (length: number) => 'application/openmetrics-text,'.padEnd(length, 'x');
  t.is(negotiatedFormat(padded(4_096)).label, 'openmetrics');
  t.is(negotiatedFormat(padded(4_097)).label, 'text');
  t.true(acceptsGzip('gzip,'.padEnd(4_096, 'x')));
  t.false(acceptsGzip('gzip,'.padEnd(4_097, 'x')));
});

for (const [entry, expected] of [
  ['text/plain;version=0.0.4', 'text'],
  ['text/plain;version=1.0.0', 'openmetrics'],
  ['text/*', 'text'],
  ['*/*', 'text'],
  ['text/html', 'openmetrics'],
  // An invalid quality counts as 1, and so does one above 1.
  ['text/plain;q=x', 'text'],
  ['text/plain;q=0.5x', 'text'],
  ['text/plain;q=x0.5', 'text'],
  ['text/plain;q=', 'text'],
  ['text/plain;q=1.', 'text'],
  ['text/plain;q=0.9', 'text'],
  ['text/plain;q=0.', 'openmetrics'],
  ['text/plain;q=0.10', 'openmetrics'],
  ['text/plain;q="0.1"', 'openmetrics'],
  ['text/plain ; Q = 0.1', 'openmetrics'],
] as const)
  test(`Accept: ${entry} and OpenMetrics of quality 0.8 is ${expected}`, (t) => {
    t.is(negotiatedFormat(`${entry}, application/openmetrics-text;q=0.8`).label, expected);
  });

test('a quality above 1 is no better than 1', (t) => {
  t.is(negotiatedFormat('text/plain, application/openmetrics-text;q=9').label, 'text');
});

test('the entry for gzip decides before a wildcard, wherever it stands', (t) => {
  t.false(acceptsGzip('*, gzip;q=0'));
  t.true(acceptsGzip('*;q=0, x-gzip'));
  t.false(acceptsGzip('br, identity'));
});
