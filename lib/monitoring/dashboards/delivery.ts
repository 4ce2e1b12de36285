/** Git platforms and what is delivered to them: issues, pull requests, their APIs, their webhooks, and inbound HTTP. */
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
      platform: ['Platform', webhooksReceived],
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
            Issues opened on the platforms, a second, by repository.
          Pull requests opened ${rate(prsCreated, ['platform', 'repository'])}
            Pull requests opened, a second, by repository.
          Pull requests merged ${rate(prsMerged, ['platform', 'repository'])}
            Pull requests merged, a second, by repository. Opened and not merged for long: reviews wait, or the work is not
            wanted.
          Merged for each opened ${styled(stat(lines('percentunit', { all: `${merged} / (${opened} > 0)` })), { height: 8 })}
            Pull requests merged in the range of the dashboard over those opened in it; over 1 where older ones are merged too.
          Life of pull requests ${histogram(prLifetime, ['platform', 'repository'])}
            Time from opening to merging a pull request.
        `,
        outboundRow(queries),
        row('Limits of the platforms')`
          Rate limits met ${rate(platformRateLimits, ['platform'])}
            Times that a platform limited the rate, a second.
          What the limits leave ${limited(platformRateLimitRemaining, platformRateLimitLimit, limits)}
            What a platform still allows until its next reset, and its limit; at 0 it refuses.
          Time to the reset ${now(platformRateLimitReset, limits)}
            Time until a platform allows as much as at first.
        `,
        row('Webhooks')`
          Webhooks received ${rate(webhooksReceived, ['platform', 'event_type'])}
            Webhooks that arrive, a second, by platform and event. None at all for long: the platform cannot reach us.
          Webhooks handled ${stacked(rate(webhooksProcessed, ['platform', 'outcome']))}
            Webhooks handled, a second, by platform and outcome.
          Share of webhooks that fail ${share(webhooksProcessed, { outcome: 'failure' }, ['platform'])}
            Failures in all handled, by platform.
        `,
        ...(settings.parts.has('http') ? inboundRows(queries) : []),
      ];
    },
  });
}
