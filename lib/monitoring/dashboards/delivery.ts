/** Git platforms: issues, pull requests, APIs, webhooks, and inbound HTTP. */
import { apiRequests } from '../../catalogue/api.js';
import { httpServerRequestDuration } from '../../catalogue/http.js';
import * as platform from '../../catalogue/platform.js';
import { issuesCreated, prLifetime, prsCreated, prsMerged } from '../../catalogue/workflow.js';
import type { BundleSettings } from '../settings.js';
import { type Board, board } from './board.js';
import { inboundRows, outboundRow } from './http.js';
import { lines, row, stacked, stat, styled } from './panels.js';

export function deliveryBoard(settings: BundleSettings): Board {
  return board(settings, {
    name: 'delivery',
    title: 'git and delivery',
    description:
      'Issues and pull requests, the APIs of the git platforms, their webhooks, and the HTTP requests that bring them.',
    variables: {
      platform: ['Platform', platform.webhooksReceived],
      repository: ['Repository', prsCreated],
      service: ['Outbound service', apiRequests],
      route: ['Route', httpServerRequestDuration],
    },
    rows(queries) {
      const { rate, now, share, histogram, limited, promql } = queries;
      const inRange = { window: '$__range' };
      const [merged, opened] = [prsMerged, prsCreated].map((each) => promql.increase(each, [], inRange));
      const limits = ['platform', 'resource'];
      return [
        row('Issues and pull requests', { width: 6 })`
          Issues opened ${rate(issuesCreated, ['platform', 'repository'])}
          Pull requests opened ${rate(prsCreated, ['platform', 'repository'])}
          Pull requests merged ${rate(prsMerged, ['platform', 'repository'])}
          Merge ratio ${styled(stat(lines('percentunit', { all: `${merged} / (${opened} > 0)` })), { height: 8 })}
          Lifetime of pull requests ${histogram(prLifetime, ['platform', 'repository'])}
        `,
        outboundRow(queries),
        row('Rate limits of the platforms')`
          Rate limits hit ${rate(platform.platformRateLimits, ['platform'])}
          Rate limit remaining ${limited(platform.platformRateLimitRemaining, platform.platformRateLimitLimit, limits)}
          Time until the reset ${now(platform.platformRateLimitReset, limits)}
        `,
        row('Webhooks')`
          Webhooks received ${rate(platform.webhooksReceived, ['platform', 'event_type'])}
          Webhooks handled ${stacked(rate(platform.webhooksProcessed, ['platform', 'outcome']))}
          Share of webhooks that fail ${share(platform.webhooksProcessed, { outcome: 'failure' }, ['platform'])}
        `,
        settings.parts.has('http') && inboundRows(queries),
      ];
    },
  });
}
