/** Service level objectives in the bundle: a group of rules for each. */
import { shapeOf } from '../../definition.js';
import { didYouMean } from '../../errors.js';
import { check } from '../checks.js';
import type { RuleGroup } from '../model.js';
import type { BundleSettings } from '../settings.js';
import { defaultSlos } from './default-slos.js';
import { sloAlerts } from './slo-alerts.js';
import { checkedSlo, metricsOf } from './slo-checks.js';
import type { Slo } from './slo-model.js';
import { sloIntervalSeconds, sloRules } from './slo-rules.js';

/**
 * The SLOs of a bundle: the defaults of its parts, then the user's own. An own SLO replaces the default with the same name.
 * @throws ERR_METRICS_INVALID_MONITORING for two SLOs with one name, a metric that the bundle does not have, a
 *   period longer than the retention of Prometheus
 */
export function slosOf(settings: BundleSettings): readonly Slo[] {
  // A JavaScript file may have objects that `defineSlo` did not return; those it did are not checked again.
  const own = settings.slos.map(checkedSlo);
  const names = own.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  check(twice === undefined, 'name of an SLO', 'one that no other SLO has', twice);
  for (const slo of own) checkAgainst(settings, slo);
  const kept = defaultSlos.filter(
    (slo) =>
      !names.includes(slo.name) && metricsOf(slo).every((metric) => settings.definitions.includes(metric)),
  );
  return [...kept.flatMap((slo) => withinRetention(slo, settings.config.retentionDays)), ...own];
}

/** The period of a default is at most the retention of Prometheus; below a week, its budget would mean nothing. */
function withinRetention(slo: Slo, retentionDays: number): readonly Slo[] {
  if (slo.windowDays <= retentionDays) return [slo];
  return retentionDays < 7 ? [] : [Object.freeze({ ...slo, windowDays: retentionDays })];
}

/** Rules and alerts of the objectives, all in file `slo`. */
export function sloGroups(settings: BundleSettings): RuleGroup[] {
  return slosOf(settings).map((slo) => ({
    name: `${settings.prefix}-slo-${slo.name}`,
    file: 'slo',
    intervalSeconds: sloIntervalSeconds(settings),
    // The order matters: a rule reads the records of earlier rules.
    rules: [...sloRules(settings, slo), ...sloAlerts(settings, slo)],
  }));
}

function checkAgainst({ readable, config }: BundleSettings, slo: Slo): void {
  for (const metric of metricsOf(slo)) {
    const what = `metric of SLO \`${slo.name}\``;
    const known = readable.get(metric.name);
    const hint = `Add its definition to \`definitions\`.${didYouMean(metric.name, readable.keys()).replace('Did', 'Or did')}`;
    check(known !== undefined, what, 'one of the catalogue or of `definitions`', metric.name, hint);
    const [expected, received] = [shapeOf(known), shapeOf(metric)];
    check(expected === received, what, `the bundle's ${expected}`, metric.name, `The SLO has ${received}.`);
  }
  check(
    slo.windowDays <= config.retentionDays,
    `\`windowDays\` of SLO \`${slo.name}\``,
    `${config.retentionDays} at most, the days that Prometheus keeps`,
    slo.windowDays,
    'Raise METRICS_RETENTION_DAYS.',
  );
}
