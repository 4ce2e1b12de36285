/** What a service has that the bundle looks at: its parts, and the catalogue's metrics that go with each. */
import {
  type CatalogueSubject,
  catalogue,
  catalogueDefinition,
  catalogueSubjects,
  isOfCatalogue,
} from '../catalogue/catalogue.js';
import { errors, issuesCreated, prLifetime, prsCreated, prsMerged } from '../catalogue/workflow.js';
import type { MetricDefinition } from '../definition.js';
import { nearest } from '../errors.js';
import { type Alert, type DashboardName, dashboardNames, type RecordingRule } from './model.js';
import { monitoringError } from './promql/expression.js';
import { metricsOf as metricsOfSlo } from './slo/slo-checks.js';
import type { Slo } from './slo/slo-model.js';

/**
 * The parts of a service, for `include`. Of any service: `http` (requests in and out), `process` (Node, health checks, decorated
 * methods) and `pipeline` (the metrics themselves, Prometheus and Alertmanager). Of a platform of agents: `workflow`, `provider` and
 * `platform`.
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

/** The catalogue lists them with the workflows; it is git platforms that report them. */
const delivery: readonly MetricDefinition[] = [issuesCreated, prsCreated, prsMerged, prLifetime];

const metricsOfPart: Readonly<Record<BundlePart, readonly MetricDefinition[]>> = {
  http: metricsOf('http', 'api'),
  process: metricsOf('health', 'method'),
  pipeline: metricsOf('self'),
  workflow: metricsOf('workflow').filter((definition) => !delivery.includes(definition)),
  provider: metricsOf('provider'),
  platform: [...metricsOf('platform', 'api'), ...delivery],
};

/** Of other parts, what the alerts of a part read: webhooks with a false signature are errors. */
const alsoRead: Partial<Readonly<Record<BundlePart, readonly MetricDefinition[]>>> = { platform: [errors] };

/** What any service exposes once it uses this package. */
const ofAnyService: readonly BundlePart[] = ['http', 'process', 'pipeline'];

/** The user's own rules, as far as they say what the service has. */
export interface OwnRules {
  readonly definitions?: readonly MetricDefinition[];
  readonly slos: readonly Slo[];
  readonly alerts: readonly Alert[];
  readonly recordingRules: readonly RecordingRule[];
}

/**
 * The parts of a bundle: those that `include` names, or else all where no definitions are given, or else those of any service and
 * those whose metrics the definitions, objectives and rules use.
 * @throws ERR_METRICS_INVALID_MONITORING for a part that there is not
 */
export function partsOf(include: readonly BundlePart[] | undefined, own: OwnRules): ReadonlySet<BundlePart> {
  if (include !== undefined) return checkedParts(include);
  if (own.definitions === undefined) return new Set(bundleParts);
  const used = usedNames(own);
  const isUsed = (part: BundlePart): boolean => metricsOfPart[part].some(({ name }) => used.has(name));
  return new Set(bundleParts.filter((part) => ofAnyService.includes(part) || isUsed(part)));
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

/** The catalogue's definitions of some parts, in its order. */
export function definitionsOf(parts: Iterable<BundlePart>): MetricDefinition[] {
  const wanted = new Set([...parts].flatMap((part) => [...metricsOfPart[part], ...(alsoRead[part] ?? [])]));
  return Object.values<MetricDefinition>(catalogue).filter((definition) => wanted.has(definition));
}

/** The catalogue's definitions of some parts, and those of any service. */
export function exposedDefinitions(parts: Iterable<BundlePart>): MetricDefinition[] {
  return definitionsOf([...ofAnyService, ...parts]);
}

function metricsOf(...subjects: readonly CatalogueSubject[]): MetricDefinition[] {
  return subjects.flatMap((subject) => Object.values<MetricDefinition>(catalogueSubjects[subject]));
}

/** Names of the platform's metrics that are used: outbound requests are any service's. */
function usedNames({ definitions = [], slos, alerts, recordingRules }: OwnRules): ReadonlySet<string> {
  const own = new Set(definitions.filter((each) => !isOfCatalogue(each)).map(({ name }) => name));
  const expressions = [
    ...alerts.flatMap((alert) => [alert?.expression, alert?.runbook?.query]),
    ...recordingRules.map((rule) => rule?.expression),
  ];
  const names = [
    ...[...definitions, ...slos.flatMap((slo) => (slo ? metricsOfSlo(slo) : []))].map((each) =>
      String(each?.name),
    ),
    ...expressions.flatMap((expression) => String(expression).match(/[a-zA-Z_]\w*/g) ?? []),
  ].map((name) => (catalogueDefinition(name) ? name : name.replace(/_(bucket|count|sum)$/, '')));
  const general = new Set(definitionsOf(ofAnyService).map(({ name }) => name));
  return new Set(names.filter((name) => !own.has(name) && !general.has(name)));
}

function checkedParts(include: unknown): ReadonlySet<BundlePart> {
  const expected = `a list of ${bundleParts.join(', ')}`;
  if (!Array.isArray(include) || include.length === 0) throw monitoringError('`include`', expected, include);
  for (const part of include) {
    if ((bundleParts as readonly unknown[]).includes(part)) continue;
    const meant = typeof part === 'string' ? nearest(part, bundleParts) : undefined;
    throw monitoringError(
      '`include`',
      expected,
      part,
      meant === undefined ? '' : `Did you mean \`${meant}\`?`,
    );
  }
  return new Set(include as BundlePart[]);
}
