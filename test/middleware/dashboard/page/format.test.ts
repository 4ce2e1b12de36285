import test from 'ava';
import { shownText, tickTexts } from '../../../../middleware/dashboard/page/format.js';

test('values have three digits and the unit that fits their size', (t) => {
  t.is(shownText(0.01234, 'seconds'), '12.3 ms');
  t.is(shownText(0.00000042, 'seconds'), '0.42 µs');
  t.is(shownText(0, 'seconds'), '0 s');
  t.is(shownText(90, 'seconds'), '90 s');
  t.is(shownText(600, 'seconds'), '10 min');
  t.is(shownText(1_234, 'perSecond'), '1,234/s');
  t.is(shownText(12_345, 'none'), '12.3k');
  t.is(shownText(3 * 2 ** 20, 'bytes'), '3 MiB');
  t.is(shownText(0.0427, 'share'), '4.27 %');
  t.is(shownText(1.5, 'usd'), '$1.50');
  t.is(shownText(1.5, 'usdPerHour'), '$1.50/h');
  t.is(shownText(-2, 'none'), '−2');
});

test('missing values are a dash', (t) => {
  for (const value of [undefined, null, Number.NaN]) t.is(shownText(value, 'seconds'), '–');
  t.is(shownText(Number.POSITIVE_INFINITY, 'none'), '∞');
});

test('the ticks of an axis have the same unit and decimals', (t) => {
  t.deepEqual(tickTexts([0, 0.5, 1], 'seconds'), ['0', '0.5 s', '1.0 s']);
  t.deepEqual(tickTexts([0, 0.05, 0.1], 'seconds'), ['0', '50 ms', '100 ms']);
  t.deepEqual(tickTexts([0, 500, 1_000], 'perMinute'), ['0', '0.5k/min', '1.0k/min']);
  t.deepEqual(tickTexts([0, 2 ** 26, 2 ** 27], 'bytes'), ['0', '64 MiB', '128 MiB']);
  t.deepEqual(tickTexts([0, 0.25, 0.5], 'share'), ['0', '25 %', '50 %']);
  t.deepEqual(tickTexts([0, 0.0025, 0.005], 'share'), ['0', '0.25 %', '0.50 %']);
  t.deepEqual(tickTexts([0, 0.005], 'cores'), ['0', '0.005'], 'the word is in the tile');
});
