/** Requests to AI providers that fail or are slow. */
import {
  aiRequestDuration,
  aiRequests,
  aiRequestsFailed,
  aiRequestsInProgress,
  aiRequestsSuccessful,
  aiTimeToFirstToken,
} from '../../catalogue/provider.js';
import type { Alert } from '../model.js';
import type { BundleSettings } from '../settings.js';
import { alertsOf, type Series, shareAlerts, slowAlert } from './alert-row.js';
import { inJob, joined, minBad } from './in-job.js';
import { above, growing, steady } from './series-values.js';

const by = ['provider'];

export function providerAlerts(settings: BundleSettings): Alert[] {
  const { select, window, increase, record } = inJob(settings);
  const {
    aiErrorPageShare: pageLimit,
    aiErrorShare: ticketLimit,
    aiMinimumRequests: minimum,
    aiSlowSeconds,
    aiFirstTokenSeconds,
  } = settings.thresholds;
  /** Share of failed requests, of providers with enough requests. */
  const failedShare = (minimumBad: number): string =>
    joined(
      record('job_provider:ai_requests_failed:ratio_rate5m'),
      ['and', by, `${increase(aiRequests, by, 300)} >= ${minimum}`],
      ['and', by, `${increase(aiRequestsFailed, by, 300)} >= ${minimumBad}`],
    );
  const pace = (2 * minimum) / 5;
  const requests = (provider: string, failed: number): Series => {
    const labels = { provider, model: 'large' };
    return {
      [select(aiRequests, { ...labels, operation: 'message' })]: growing(pace, 40),
      [select(aiRequestsFailed, { ...labels, error_type: 'APIError' })]: growing(pace * failed, 40),
      [select(aiRequestsSuccessful, labels)]: growing(pace * (1 - failed), 40),
    };
  };
  const eachFails = failedShare(minBad.ticket);
  const slow = {
    level: 'job_provider',
    by: 'provider',
    minimum,
    seriesLabels: { provider: 'anthropic', model: 'large' },
    besideQuiet: { [select(aiRequestsInProgress, { provider: 'anthropic' })]: steady(1, 40) },
  };
  return alertsOf(settings, { subject: 'provider', dashboard: 'ai' }, [
    ...shareAlerts({
      name: 'AiErrors',
      pageLimit,
      ticketLimit,
      pageHold: 120,
      pageSummary: 'Requests to the AI provider {{ $labels.provider }} fail',
      ticketSummary: 'More requests to the AI provider {{ $labels.provider }} fail than should',
      expression: (limit, minimumBad) => `(${failedShare(minimumBad)}) > ${limit}`,
      description: (limit) =>
        `{{ $value | humanizePercentage }} of the requests to {{ $labels.provider }} failed over ${window(300)} (limit ${limit}, at least ${minimum} requests).`,
      atMinutes: 30,
      labels: { provider: 'anthropic' },
      series: (failed) => requests('anthropic', failed),
    }),
    {
      name: 'AiAllProvidersFailing',
      severity: 'page',
      expression: joined(`min by (job) (${eachFails}) > ${pageLimit}`, [
        'and',
        [],
        `count by (job) (${eachFails}) > 1`,
      ]),
      hold: 120,
      summary: 'Every AI provider of {{ $labels.job }} fails',
      description: `Even of the AI provider that fails least, {{ $value | humanizePercentage }} of the requests failed over ${window(300)}: there is none to turn to.`,
      atMinutes: 30,
      fires: { ...requests('anthropic', above(pageLimit)), ...requests('openai', above(pageLimit)) },
      quiet: { ...requests('anthropic', above(pageLimit)), ...requests('openai', 0) },
    },
    slowAlert(settings, {
      ...slow,
      name: 'AiSlow',
      definition: aiRequestDuration,
      limit: aiSlowSeconds,
      summary: 'The AI provider {{ $labels.provider }} is slow',
      description: `The 95th percentile of the requests of {{ $labels.provider }} is {{ $value | humanizeDuration }} over ${window(300)} (limit ${aiSlowSeconds} s).`,
    }),
    slowAlert(settings, {
      ...slow,
      name: 'AiFirstTokenSlow',
      definition: aiTimeToFirstToken,
      limit: aiFirstTokenSeconds,
      summary: 'The first token of {{ $labels.provider }} comes late',
      description: `The 95th percentile of the streamed replies of {{ $labels.provider }} is {{ $value | humanizeDuration }} over ${window(300)} (limit ${aiFirstTokenSeconds} s).`,
    }),
  ]);
}
