import test from 'ava';
import { parseView, startView, viewHash, windowOf } from '../../../../middleware/dashboard/page/view.js';

test('an address without parts is the overview of the last 15 minutes', (t) => {
  t.deepEqual(parseView(''), startView);
  t.is(viewHash(startView), '#/overview');
});

test('a view is the same after it was an address', (t) => {
  const view = {
    ...startView,
    page: 'explorer',
    target: 'node:9100',
    metric: 'a:b/c',
    search: 'a b',
    where: { route: '/a?b=c&d#e', 'ä=': '<b>' },
    by: ['route', 'code'],
    range: '6h',
    pausedAt: 1_700_000_000,
    zoom: { from: 1_700_000_000.5, to: 1_700_000_060 },
  } as const;
  const { where: _, ...others } = view;
  t.deepEqual(parseView(viewHash({ ...view, where: { route: '/a?b=c&d#e' } })), {
    ...others,
    where: { route: '/a?b=c&d#e' },
  });
  t.deepEqual(
    parseView(viewHash({ ...view, by: [] })).by,
    [],
    'grouped by no label is not the same as not grouped',
  );
});

test('parts of an address that are not valid are left out', (t) => {
  t.deepEqual(parseView('#/nowhere?range=2w&at=soon&from=5&to=1'), startView);
  t.is(parseView('#/explorer/%E0%A4%A').metric, '%E0%A4%A');
});

test('the window ends at the last sample, and starts at the first if the range is longer', (t) => {
  t.deepEqual(windowOf(startView, 0, 10_000), { from: 9_100, to: 10_000 });
  t.deepEqual(windowOf(startView, 9_800, 10_000), { from: 9_800, to: 10_000 });
  t.deepEqual(windowOf(startView, 9_990, 10_000), { from: 9_940, to: 10_000 }, 'at least a minute');
  t.deepEqual(windowOf({ ...startView, range: 'all' }, 500, 10_000), { from: 500, to: 10_000 });
  t.deepEqual(windowOf({ ...startView, pausedAt: 5_000 }, 0, 10_000), { from: 4_100, to: 5_000 });
  t.deepEqual(windowOf({ ...startView, zoom: { from: 1, to: 2 } }, 0, 10_000), { from: 1, to: 2 });
});
