/** The sections of the overview: those of which a target has a metric. */
import type { AlertRule } from '../alert-rules.js';
import { unitOf } from '../metric-meta.js';
import type { MetricShape } from '../metric-shape.js';
import type { MetricsHistory } from '../metrics-history.js';
import type { FeedUnit, Formula, Hint, Panel, Section } from '../panel.js';
import { current, neededBy, panel, quantile, rate } from './build.js';
import { hostSection, prometheusSection } from './endpoint-panels.js';
import { hints } from './hints.js';
import { platformSection, webhookSection } from './platform-panels.js';
import { providerSection } from './provider-panels.js';
import {
  healthSection,
  httpSection,
  methodSection,
  pipelineSection,
  processSection,
} from './service-panels.js';
import { issueSection, waitingSection, workflowSection } from './workflow-panels.js';

/** In the order of the page. */
export const allSections: readonly Section[] = [
  issueSection,
  workflowSection,
  waitingSection,
  providerSection,
  platformSection,
  webhookSection,
  httpSection,
  hostSection,
  prometheusSection,
  methodSection,
  healthSection,
  processSection,
  pipelineSection,
];

/** Panels of metrics that no other section shows. */
const maxFurtherPanels = 12;

/** Metrics that say little as a chart. */
const isPlain = /^(?:process_|nodejs_|go_|promhttp_|python_|scrape_|metrics_)|_info$|_created$/;

/** @param rules alerts whose limits are drawn */
export function sectionsOf(history: MetricsHistory, rules: readonly AlertRule[] = []): Section[] {
  const names = new Set(history.names);
  const known = new Set(allSections.flatMap(({ panels }) => panels.flatMap(({ metrics }) => metrics)));
  const sections = allSections.flatMap((section) => {
    const panels = section.panels
      .filter(({ lines }) => lines.some(({ formula }) => neededBy(formula).every((name) => names.has(name))))
      .map((each) => withLimit(each, rules));
    return panels.length === 0 ? [] : [{ ...section, panels }];
  });
  const others = history.names.flatMap((name) => {
    const shape = history.storeOf(name)?.shape;
    return shape === undefined || known.has(name) || isPlain.test(name) ? [] : [furtherPanel(shape)];
  });
  if (others.length > 0)
    sections.splice(6, 0, {
      id: 'further',
      title: 'Further metrics',
      panels: others.slice(0, maxFurtherPanels),
    });
  return sections;
}

/** How to get the sections that a service does not have. */
export function missingHints(sections: readonly Section[]): Hint[] {
  return hints.filter(({ id }) => !sections.some((section) => section.id === id));
}

function withLimit(shown: Panel, rules: readonly AlertRule[]): Panel {
  const rule =
    rules.find(({ panel, severity }) => panel === shown.id && severity === 'page') ??
    rules.find(({ panel }) => panel === shown.id);
  return rule === undefined ? shown : { ...shown, limit: { value: rule.limit, alert: rule.name } };
}

function furtherPanel({ name, type, help, labels }: MetricShape): Panel {
  const unit = unitOf(name);
  const [label] = labels;
  const by = label === undefined ? {} : { by: [label] };
  const line = label === undefined ? name : `{${label}}`;
  const common = { id: `further-${name}`, title: name, description: help };
  if (type === 'gauge' || type === 'unknown')
    return panel({ ...common, unit, lines: { [line]: current(name, by) }, tile: current(name) });
  if (type === 'counter')
    return panel({ ...common, unit: rateUnit(unit), lines: { [line]: rate(name, by) }, tile: rate(name) });
  if (type === 'summary')
    return panel({ ...common, unit: 'perSecond', lines: { [line]: rate(name, by) }, tile: rate(name) });
  const lines: Record<string, Formula> = { p50: quantile(name, 0.5), p95: quantile(name, 0.95) };
  return panel({ ...common, unit, lines, tile: quantile(name, 0.95) });
}

function rateUnit(unit: FeedUnit): FeedUnit {
  if (unit === 'bytes') return 'bytesPerSecond';
  return unit === 'seconds' ? 'cores' : 'perSecond';
}
