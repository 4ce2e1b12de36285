/** The parts of a service that a bundle is generated for, and their metrics. */
import {
  type CatalogueSubject,
  catalogue,
  catalogueDefinition,
  catalogueSubjects,
  isOfCatalogue,
} from '../catalogue/catalogue.js';
import { errors, issuesCreated, prLifetime, prsCreated, prsMerged } from '../catalogue/workflow.js';
import type { MetricDefinition } from '../definition.js';
import { check, checkOneOf } from './checks.js';
import { type Alert, type DashboardName, dashboardNames, type RecordingRule } from './model.js';
import { metricsOf as metricsOfSlo } from './slo/slo-checks.js';
import type { Slo } from './slo/slo-model.js';

/**
 * The parts of a service, for the option `include`. Every service has `http` (inbound and outgoing requests), `process` (Node, health
 * checks, decorated methods) and `pipeline` (the metrics themselves, Prometheus and Alertmanager). A platform of agents also has
 * `workflow`, `provider` and `platform`.
 */
export const bundleParts = Object.freeze([
  'http',
  'process',
  'pipeline',
  'workflow',
  'provider',
  'platform',
] as const);

/** One of `bundleParts`. */
export type BundlePart = (typeof bundleParts)[number];

/** Metrics that the catalogue lists with the workflows and git platforms report. */
const delivery: readonly MetricDefinition[] = [issuesCreated, prsCreated, prsMerged, prLifetime];

const metricsOfPart: Readonly<Record<BundlePart, readonly MetricDefinition[]>> = {
  http: metricsOf('http', 'api'),
  process: metricsOf('health', 'method'),
  pipeline: metricsOf('self'),
  workflow: metricsOf('workflow').filter((definition) => !delivery.includes(definition)),
  provider: metricsOf('provider'),
  platform: [...metricsOf('platform', 'api'), ...delivery],
};

/** Metrics of other parts that the alerts of a part read: webhooks with an invalid signature are errors. */
const alsoRead: Partial<Readonly<Record<BundlePart, readonly MetricDefinition[]>>> = { platform: [errors] };

/** Parts that every service with this package has. */
const general: readonly BundlePart[] = ['http', 'process', 'pipeline'];

/** The user's own rules, which show the parts that the service has. */
export interface UserRules {
  readonly definitions?: readonly MetricDefinition[];
  readonly slos: readonly Slo[];
  readonly alerts: readonly Alert[];
  readonly recordingRules: readonly RecordingRule[];
}

/**
 * The parts of a bundle: those in `include`. Without it, all parts if no definitions are given; otherwise those that every service
 * has, and those whose metrics are among the definitions or are read by the user's SLOs and rules.
 * @throws ERR_METRICS_INVALID_MONITORING for an unknown part
 */
export function partsOf(include: readonly BundlePart[] | undefined, own: UserRules): ReadonlySet<BundlePart> {
  if (include !== undefined) {
    const expected = `a list of ${bundleParts.join(', ')}`;
    check(Array.isArray(include) && include.length > 0, '`include`', expected, include);
    for (const part of include) checkOneOf(part, bundleParts, '`include`', expected);
    return new Set(include);
  }
  if (own.definitions === undefined) return new Set(bundleParts);
  const used = usedNames(own);
  const isUsed = (part: BundlePart): boolean => metricsOfPart[part].some(({ name }) => used.has(name));
  return new Set(bundleParts.filter((part) => general.includes(part) || isUsed(part)));
}

/** The dashboards of a bundle, in their order. */
export function madeDashboards({ parts }: { readonly parts: ReadonlySet<BundlePart> }): DashboardName[] {
  const isMade: Readonly<Record<DashboardName, boolean>> = {
    overview: true,
    workflows: parts.has('workflow'),
    ai: parts.has('provider'),
    delivery: parts.has('platform'),
    http: parts.has('http') && !parts.has('platform'),
    slo: true,
    pipeline: parts.has('process') || parts.has('pipeline'),
  };
  return dashboardNames.filter((name) => isMade[name]);
}

/** The catalogue's definitions of some parts, in the order of the catalogue. */
export function definitionsOf(parts: Iterable<BundlePart>): MetricDefinition[] {
  const wanted = new Set([...parts].flatMap((part) => [...metricsOfPart[part], ...(alsoRead[part] ?? [])]));
  return Object.values<MetricDefinition>(catalogue).filter((definition) => wanted.has(definition));
}

/** The catalogue's definitions of some parts, and of the parts that every service has. */
export function exposedDefinitions(parts: Iterable<BundlePart>): MetricDefinition[] {
  return definitionsOf([...general, ...parts]);
}

function metricsOf(...subjects: readonly CatalogueSubject[]): MetricDefinition[] {
  return subjects.flatMap((subject) => Object.values<MetricDefinition>(catalogueSubjects[subject]));
}

/** Names of the catalogue's metrics that only a platform of agents has and that the user's rules use. They are not checked yet. */
function usedNames({ definitions = [], slos, alerts, recordingRules }: UserRules): ReadonlySet<string> {
  const own = new Set(definitions.filter((each) => !isOfCatalogue(each)).map(({ name }) => name));
  const expressions = [
    ...alerts.flatMap((alert) => [alert?.expression, alert?.runbook?.query]),
    ...recordingRules.map((rule) => rule?.expression),
  ];
  const read = [...definitions, ...slos.flatMap((slo) => (slo ? metricsOfSlo(slo) : []))];
  const names = [
    ...read.map((definition) => String(definition?.name)),
    ...expressions.flatMap((expression) => String(expression).match(/[a-zA-Z_]\w*/g) ?? []),
  ].map((name) => (catalogueDefinition(name) ? name : name.replace(/_(bucket|count|sum)$/, '')));
  const ofEveryService = new Set(definitionsOf(general).map(({ name }) => name));
  return new Set(names.filter((name) => !own.has(name) && !ofEveryService.has(name)));
}
