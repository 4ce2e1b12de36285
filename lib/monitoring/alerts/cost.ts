/** Costs of AI providers: a sudden rise, a month over budget, and models without a price. */
import { aiCost, aiUnpricedRequests } from '../../catalogue/provider.js';
import type { Alert } from '../model.js';
import type { BundleSettings } from '../settings.js';
import { up } from '../third-party-metrics.js';
import { type AlertRow, alertsOf } from './alert-row.js';
import { inJob, joined } from './in-job.js';
import { appearing, changing, growing, halfHourly, historySteps, steady } from './series-values.js';
import { unusual } from './usual-hours.js';

const provider = { provider: 'anthropic' };
const instance = { instance: 'a:9090' };
const by = ['provider'];

/** `AiBudgetForecast` is there only with a budget. */
export function costAlerts(settings: BundleSettings): Alert[] {
  const within = inJob(settings);
  const { select, window, increase, events } = within;
  const {
    aiCostSpikeFactor: factor,
    aiCostSpikeUsd: minUsd,
    aiMonthlyBudgetUsd: budget,
  } = settings.thresholds;
  const cost = select(aiCost, { ...provider, model: 'large' });
  const newModel = { ...provider, model: 'new' };
  const unpriced = select(aiUnpricedRequests, { ...newModel, ...instance });
  const isUp = select(up, instance);
  const spike: AlertRow = {
    name: 'AiCostSpike',
    severity: 'ticket',
    expression: joined(`${increase(aiCost, by, 3_600)} > ${minUsd}`, [
      'and',
      by,
      unusual(within, 'job_provider:ai_cost_usd:rate1h', factor, by),
    ]),
    hold: 300,
    summary: 'The AI provider {{ $labels.provider }} costs much more than usual',
    description: `The last ${window(3_600)} of {{ $labels.provider }} cost {{ $value | printf "%.2f" }} USD, more than ${factor} times the same hour of any day of the last week (from ${minUsd} USD on).`,
    ...halfHourly,
    labels: provider,
    fires: {
      [isUp]: steady(1, historySteps + 6),
      [cost]: changing((2 * minUsd) / (10 * factor), historySteps, 2 * minUsd, 6),
    },
    quiet: { [isUp]: steady(1, historySteps + 6), [cost]: growing(2 * minUsd, historySteps + 6) },
  };
  const modelUnpriced: AlertRow = {
    name: 'AiModelUnpriced',
    severity: 'info',
    expression: `${events(aiUnpricedRequests, ['provider', 'model'], 3_600)} > 0`,
    summary: 'The model {{ $labels.model }} of {{ $labels.provider }} has no price',
    description: `{{ $value | humanize }} requests to {{ $labels.model }} of {{ $labels.provider }} within ${window(3_600)} could not be priced: costs and the budget forecast are too low.`,
    atMinutes: 75,
    labels: newModel,
    fires: { [unpriced]: appearing(70, 1, 20), [isUp]: steady(1, 90) },
    quiet: {
      [unpriced]: steady(3, 90),
      // A process that is scraped for the first time has counted its requests before.
      [select(aiUnpricedRequests, { ...newModel, instance: 'b:9090' })]: appearing(70, 9, 20),
      [isUp]: steady(1, 90),
      [select(up, { instance: 'b:9090' })]: appearing(70, 1, 20),
    },
  };
  return alertsOf(settings, { subject: 'provider', dashboard: 'ai' }, [
    spike,
    ...(budget > 0 ? [budgetForecast(settings, budget, cost)] : []),
    modelUnpriced,
  ]);
}

function budgetForecast(settings: BundleSettings, budget: number, cost: string): AlertRow {
  const { window, record } = inJob(settings);
  /** USD a minute that spend the budget exactly. */
  const pace = budget / 30 / 1_440;
  return {
    name: 'AiBudgetForecast',
    severity: 'ticket',
    // Over a week, so that a weekend is in it, and one expensive day is a seventh.
    expression: `30 / 7 * ${record('job:ai_cost_usd:increase7d')} > ${budget}`,
    hold: 3_600,
    summary: 'AI providers of {{ $labels.job }} will cost more than the budget',
    description: `At the pace of the last ${window(7 * 86_400)}, thirty days cost {{ $value | printf "%.2f" }} USD; the budget is ${budget} USD.`,
    atMinutes: 90,
    fires: { [cost]: growing((10 * 1_440 * pace) / 30, 100) },
    quiet: { [cost]: growing((6 * 1_440 * pace) / 90, 100) },
  };
}
