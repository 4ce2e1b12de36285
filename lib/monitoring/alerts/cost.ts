/** What AI providers cost: a leap, a month that gets too dear, and models without a price. */
import { aiCost, aiUnpricedRequests } from '../../catalogue/provider.js';
import type { Alert } from '../model.js';
import { type BundleSettings, holdOf } from '../settings.js';
import { up } from '../third-party-metrics.js';
import { appearing, changing, growing, halfHourly, historySteps, steady } from './crafted.js';
import { inJob, joined } from './in-job.js';
import { unusual } from './usual-hours.js';

const shared = { subject: 'provider', dashboard: 'ai' } as const;
const provider = { provider: 'anthropic' };
const by = ['provider'];

/** Without a budget there is none to pass: that alert is left out. */
export function costAlerts(settings: BundleSettings): Alert[] {
  const budget = settings.thresholds.aiMonthlyBudgetUsd > 0 ? [budgetForecast(settings)] : [];
  return [costSpike(settings), ...budget, modelUnpriced(settings)];
}

function costSpike(settings: BundleSettings): Alert {
  const within = inJob(settings);
  const { of, window, increase } = within;
  const { aiCostSpikeFactor: factor, aiCostSpikeUsd: least } = settings.thresholds;
  const series = of(aiCost, { ...provider, model: 'large' });
  return {
    ...shared,
    name: 'AiCostSpike',
    severity: 'ticket',
    expression: joined(
      `${increase(aiCost, by, 3_600)} > ${least}`,
      'and',
      by,
      unusual(within, 'job_provider:ai_cost_usd:rate1h', factor, by),
    ),
    forSeconds: holdOf(settings, 300),
    summary: 'The AI provider {{ $labels.provider }} costs much more than usual',
    description: `The last ${window(3_600)} of {{ $labels.provider }} cost {{ $value | printf "%.2f" }} USD, more than ${factor} times the same hour of any day of the last week (from ${least} USD on).`,
    runbook: {
      meaning: 'Money is spent several times as fast as usual at this hour. It may be much work, or a loop.',
      query: `topk(5, sum by (provider, model) (increase(${of(aiCost)}[1h])))`,
      causes: [
        'A run in a loop: many requests, few workflows.',
        'A dearer model, by a change of configuration or as a fallback.',
        'Prompts that grow with every step, or a cache that no longer helps (`cache_read` in `ai_tokens_total`).',
        'Simply more work.',
      ],
      actions: [
        'Run the query: which model.',
        'Divide: `sum(increase(ai_requests_total[1h])) / sum(increase(workflows_completed_total[1h]))` against the same `offset 1d`. Higher is a loop: find the run that asks most in the log and end it.',
        'Tokens for each request risen: look at the prompts and the cache. Another model: put the right one back.',
        'If it goes on and nobody can tell why, lower the concurrency or take away the key: the bill grows by the hour.',
      ],
    },
    tests: {
      fires: {
        ...halfHourly,
        series: {
          [of(up, { instance: 'a:9090' })]: steady(1, historySteps + 6),
          [series]: changing((2 * least) / (10 * factor), historySteps, 2 * least, 6),
        },
        labels: [{ job: settings.job, ...provider }],
      },
      quiet: {
        ...halfHourly,
        series: {
          [of(up, { instance: 'a:9090' })]: steady(1, historySteps + 6),
          [series]: growing(2 * least, historySteps + 6),
        },
      },
    },
  };
}

function budgetForecast(settings: BundleSettings): Alert {
  const { of, window, record } = inJob(settings);
  const { aiMonthlyBudgetUsd: budget } = settings.thresholds;
  const series = of(aiCost, { ...provider, model: 'large' });
  /** Per minute, of the whole budget. */
  const pace = budget / 30 / 1_440;
  return {
    ...shared,
    name: 'AiBudgetForecast',
    severity: 'ticket',
    // Of a week, so that a weekend is in it, and one dear day is a seventh.
    expression: `30 / 7 * ${record('job:ai_cost_usd:increase7d')} > ${budget}`,
    forSeconds: holdOf(settings, 3_600),
    summary: 'AI providers of {{ $labels.job }} will cost more than the budget',
    description: `At the pace of the last ${window(7 * 86_400)}, thirty days cost {{ $value | printf "%.2f" }} USD; the budget is ${budget} USD.`,
    runbook: {
      meaning:
        'If every week costs what the last one did, the month goes over its budget. Nothing is broken; a decision is due.',
      query: `sum by (provider, model) (increase(${of(aiCost)}[7d]))`,
      causes: [
        'More work than the budget was made for.',
        'A dearer model, or more tokens for each issue.',
        'A spike within the last week that is over (AiCostSpike has fired).',
      ],
      actions: [
        'Run the query, and the same `offset 7d`: what has grown, and since when.',
        'Cost for each issue: `sum(increase(ai_cost_usd_total[1d])) / sum(increase(issues_processed_total{outcome="success"}[1d]))`. Risen: look for the cause there. The same: it is the amount of work.',
        'Decide: a cheaper model for some steps, less work, or a larger budget (`aiMonthlyBudgetUsd`; 0 for none).',
      ],
    },
    tests: {
      fires: {
        series: { [series]: growing((10 * 1_440 * pace) / 30, 100) },
        atMinutes: 90,
        labels: [{ job: settings.job }],
      },
      quiet: { series: { [series]: growing((6 * 1_440 * pace) / 90, 100) }, atMinutes: 90 },
    },
  };
}

function modelUnpriced(settings: BundleSettings): Alert {
  const { of, window, events } = inJob(settings);
  const labels = { ...provider, model: 'new' };
  const instance = { instance: 'a:9090' };
  const series = of(aiUnpricedRequests, { ...labels, ...instance });
  return {
    ...shared,
    name: 'AiModelUnpriced',
    severity: 'info',
    expression: `${events(aiUnpricedRequests, ['provider', 'model'], 3_600)} > 0`,
    forSeconds: 0,
    summary: 'The model {{ $labels.model }} of {{ $labels.provider }} has no price',
    description: `{{ $value | humanize }} requests to {{ $labels.model }} of {{ $labels.provider }} within ${window(3_600)} could not be priced: costs and the budget forecast are too low.`,
    runbook: {
      meaning:
        'A model is used that the price table lacks, so what it costs is counted nowhere. The real bill is higher than what is shown.',
      query: `sum by (provider, model) (increase(${of(aiUnpricedRequests)}[1d]))`,
      causes: [
        'A new model, or a new version of one under another name.',
        'A kind of tokens without a price (cache creation, reasoning) of a model that has one for the others.',
        'A name misspelt in the price table.',
      ],
      actions: [
        'Take the names of the query, and add them to the `prices` of ProviderMetrics.',
        'Give prices for every kind of tokens that the model uses: `sum by (token_type) (ai_tokens_total{model="…"})`.',
      ],
    },
    tests: {
      fires: {
        series: { [series]: appearing(70, 1, 20), [of(up, instance)]: steady(1, 90) },
        atMinutes: 75,
        labels: [{ job: settings.job, ...labels }],
      },
      quiet: {
        series: {
          [series]: steady(3, 90),
          // A process that is scraped for the first time brings what it has counted long ago.
          [of(aiUnpricedRequests, { ...labels, instance: 'b:9090' })]: appearing(70, 9, 20),
          [of(up, instance)]: steady(1, 90),
          [of(up, { instance: 'b:9090' })]: appearing(70, 1, 20),
        },
        atMinutes: 75,
      },
    },
  };
}
