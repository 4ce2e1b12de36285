/** The choices at the top of the dashboards. The source of data is no choice among them: every dashboard has it. */
import { metricsSeries } from '../../catalogue/self.js';
import type { MetricDefinition } from '../../definition.js';
import { checkLabel, selector } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import { up } from '../third-party-metrics.js';
import type { Variable } from './board.js';
import { variable } from './queries.js';

export function jobVariable({ job }: Pick<BundleSettings, 'job'>): Variable {
  return {
    name: 'job',
    label: 'Service',
    description: 'Services that publish metrics of this kind.',
    // Every registry has this one, and nothing that is no service of ours.
    query: `label_values(${selector(metricsSeries)}, job)`,
    chosen: job,
  };
}

/** The service, then its processes. */
export function targetVariables(settings: Pick<BundleSettings, 'job'>): Variable[] {
  return [
    jobVariable(settings),
    {
      name: 'instance',
      label: 'Process',
      description: 'Processes of the service.',
      query: `label_values(${selector(up, { job: variable('job') })}, instance)`,
    },
  ];
}

/** The values of a label, as a metric of the service has them. @throws ERR_METRICS_INVALID_MONITORING */
export function labelVariable(label: string, title: string, definition: MetricDefinition): Variable {
  checkLabel(definition, label);
  const part = definition.type === 'histogram' || definition.type === 'summary' ? '_count' : undefined;
  return {
    name: label,
    label: title,
    description: `Values of the label ${label}, as ${definition.name} has them.`,
    query: `label_values(${selector(definition, { job: variable('job') }, part)}, ${label})`,
  };
}
