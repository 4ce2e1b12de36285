/** Git platforms and what is delivered to them: issues, pull requests, their APIs, their webhooks, and the HTTP they come by. */
import { apiRequests } from '../../catalogue/api.js';
import { httpServerRequestDuration } from '../../catalogue/http.js';
import {
  platformRateLimitLimit,
  platformRateLimitRemaining,
  platformRateLimitReset,
  platformRateLimits,
  webhooksProcessed,
  webhooksReceived,
} from '../../catalogue/platform.js';
import { issuesCreated, prLifetime, prsCreated, prsMerged } from '../../catalogue/workflow.js';
import type { BundleSettings } from '../settings.js';
import type { Board, Row } from './board.js';
import { histogramPanels } from './durations.js';
import { apiRow, httpRow, httpSizeRow } from './http-rows.js';
import { stat, timeSeries } from './panels.js';
import { type BoardQueries, boardQueries } from './queries.js';
import { labelVariable, targetVariables } from './variables.js';

export function deliveryBoard(settings: BundleSettings): Board {
  const labels = [
    labelVariable('platform', 'Platform', webhooksReceived),
    labelVariable('repository', 'Repository', prsCreated),
    labelVariable('service', 'Outbound service', apiRequests),
    labelVariable('route', 'Route', httpServerRequestDuration),
  ];
  const queries = boardQueries(labels.map(({ name }) => name));
  return {
    name: 'delivery',
    title: 'git and delivery',
    description:
      'Issues and pull requests, the APIs of the git platforms, their webhooks, and the HTTP requests that bring them.',
    variables: [...targetVariables(settings), ...labels],
    rows: [
      deliveryRow(queries),
      apiRow(queries, ['service', 'platform']),
      limitRow(queries),
      webhookRow(queries),
      ...(settings.parts.has('http') ? [httpRow(queries), httpSizeRow(queries)] : []),
    ],
  };
}

function deliveryRow(queries: BoardQueries): Row {
  const created = queries.total(prsCreated).expression;
  return {
    title: 'Issues and pull requests',
    panels: [
      timeSeries({
        title: 'Issues opened',
        description: 'Issues opened on the platforms, a second, by repository.',
        unit: 'cps',
        min: 0,
        width: 6,
        queries: [queries.perSecond(issuesCreated, ['platform', 'repository'])],
      }),
      timeSeries({
        title: 'Pull requests opened',
        description: 'Pull requests opened, a second, by repository.',
        unit: 'cps',
        min: 0,
        width: 6,
        queries: [queries.perSecond(prsCreated, ['platform', 'repository'])],
      }),
      timeSeries({
        title: 'Pull requests merged',
        description:
          'Pull requests merged, a second, by repository. Opened and not merged for long: reviews wait, or the work is not wanted.',
        unit: 'cps',
        min: 0,
        width: 6,
        queries: [queries.perSecond(prsMerged, ['platform', 'repository'])],
      }),
      stat({
        title: 'Merged for each opened',
        description:
          'Pull requests merged in the range of the dashboard over those opened in it; over 1 where older ones are merged too.',
        unit: 'percentunit',
        width: 6,
        height: 8,
        queries: [{ expression: `${queries.total(prsMerged).expression} / (${created} > 0)`, legend: 'all' }],
      }),
      ...histogramPanels(queries, prLifetime, {
        title: 'Life of pull requests',
        description: 'Time from opening to merging a pull request.',
        unit: 'h',
        by: ['platform', 'repository'],
      }),
    ],
  };
}

function limitRow(queries: BoardQueries): Row {
  return {
    title: 'Limits of the platforms',
    panels: [
      timeSeries({
        title: 'Rate limits met',
        description: 'Times that a platform limited the rate, a second.',
        unit: 'cps',
        min: 0,
        queries: [queries.perSecond(platformRateLimits, ['platform'])],
      }),
      timeSeries({
        title: 'What the limits leave',
        description: 'What a platform still allows until its next reset, and its limit; at 0 it refuses.',
        unit: 'short',
        min: 0,
        queries: [
          queries.now(platformRateLimitRemaining, ['platform', 'resource']),
          {
            ...queries.now(platformRateLimitLimit, ['platform', 'resource']),
            legend: 'limit of {{platform}} {{resource}}',
          },
        ],
      }),
      timeSeries({
        title: 'Time to the reset',
        description: 'Time until a platform allows as much as at first.',
        unit: 's',
        min: 0,
        queries: [queries.now(platformRateLimitReset, ['platform', 'resource'])],
      }),
    ],
  };
}

function webhookRow(queries: BoardQueries): Row {
  return {
    title: 'Webhooks',
    panels: [
      timeSeries({
        title: 'Webhooks received',
        description:
          'Webhooks that arrive, a second, by platform and event. None at all for long: the platform cannot reach us.',
        unit: 'cps',
        min: 0,
        queries: [queries.perSecond(webhooksReceived, ['platform', 'event_type'])],
      }),
      timeSeries({
        title: 'Webhooks handled',
        description: 'Webhooks handled, a second, by platform and outcome.',
        unit: 'cps',
        min: 0,
        stacked: true,
        queries: [queries.perSecond(webhooksProcessed, ['platform', 'outcome'])],
      }),
      timeSeries({
        title: 'Share of webhooks that fail',
        description: 'Failures in all handled, by platform.',
        unit: 'percentunit',
        min: 0,
        max: 1,
        queries: [queries.share(webhooksProcessed, { outcome: 'failure' }, ['platform'])],
      }),
    ],
  };
}
