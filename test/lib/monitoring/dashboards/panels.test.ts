/** Panels written as a table. */
import test from 'ava';
import { defineCounter, defineGauge, defineHistogram } from '../../../../lib/define.js';
import { label } from '../../../../lib/label.js';
import { boardQueries, lines, panels, row, stat } from '../../../../lib/monitoring/dashboards/panels.js';
import { sectionsOf } from '../../../../lib/monitoring/markdown-sections.js';
import { panelsOf } from '../../../helpers/dashboard-json.js';
import { dashboards, nameOf } from '../../../helpers/sample-dashboards.js';

const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs.', labels: { queue: label() } });
const size = defineGauge({ name: 'cache_size_bytes', help: 'Size.' });
const wait = defineHistogram({
  name: 'wait_seconds',
  help: 'Waiting.',
  labels: { queue: label() },
  buckets: [1],
});
const { rate, now, record, histogram } = boardQueries(['queue'], new Set());
const one = lines('short', { all: 'vector(1)' });

test('a panel has the title before its cell, and its description from the section of that title', (t) => {
  const made = panels`
    Jobs, per second ${one}
    Cache ${one}
  `;
  t.deepEqual(
    made.map(({ title, about }) => [title, about]),
    [
      ['Jobs, per second', 'Jobs, per second'],
      ['Cache', 'Cache'],
    ],
  );
});

test('panels are included where they are written, and false includes none', (t) => {
  const cache = panels`
    Cache ${one}
  `;
  const made = panels`
    ${cache}
    Jobs ${one}
    ${false}
    ${cache}
  `;
  t.deepEqual(
    made.map(({ title }) => title),
    ['Cache', 'Jobs', 'Cache'],
  );
});

test('each section of panels.md describes a panel, with the values of its board', async (t) => {
  const panelsOfAll = await Promise.all(
    [{}, { include: ['http', 'process', 'pipeline'] as const }].map(async (options) => {
      const { boards } = await dashboards(options);
      return boards.flatMap((board) =>
        panelsOf(board).map(({ title, description }) => ({ board: nameOf(board), title, description })),
      );
    }),
  );
  const all = panelsOfAll.flat();
  const sections = sectionsOf('dashboards/panels.md');
  for (const [heading, text] of sections) {
    if (text === '') continue;
    const [, title = '', board] = /^(.*?)(?: \((\w+)\))?$/.exec(heading) ?? [];
    const start = text.replaceAll(/\s+/g, ' ').split('$')[0]?.trim() ?? '';
    t.true(
      all.some(
        (panel) =>
          [title, `${title}: percentiles`].includes(panel.title) &&
          (board === undefined || board === panel.board) &&
          panel.description.startsWith(start),
      ),
      heading,
    );
  }
  for (const { title, description } of all) t.notRegex(description, /\$[a-z]/i, title);
});

test('the width of a row applies to its panels, except for those of a histogram', (t) => {
  const { panels: made } = row('Jobs', { width: 6 })`
    Jobs ${stat(one)}
    Waiting ${histogram(wait, ['queue'])}
  `;
  t.deepEqual(
    made.map(({ title, kind, width }) => [title, kind, width]),
    [
      ['Jobs', 'stat', 6],
      ['Waiting: percentiles', 'timeseries', 8],
      ['Waiting: p95 by queue', 'timeseries', 8],
      ['Waiting: distribution', 'heatmap', 8],
    ],
  );
});

test('query, legend and unit follow from the definition or the record', (t) => {
  t.like(rate(jobs, ['queue']), {
    unit: 'cps',
    queries: [
      {
        legend: '{{queue}}',
        expression:
          'sum by (queue) (rate(jobs_total{job=~"$job",instance=~"$instance",queue=~"$queue"}[$__rate_interval]))',
      },
    ],
  });
  t.like(now(size), { unit: 'bytes', queries: [{ legend: 'all' }] });
  t.like(record('job_queue:jobs_failed:ratio_rate5m', ['queue']), {
    unit: 'percentunit',
    max: 1,
    queries: [{ expression: 'job_queue:jobs_failed:ratio_rate5m{job=~"$job",queue=~"$queue"}' }],
  });
  t.is(record('job:wait_seconds:p95_rate5m').unit, 's');
});
