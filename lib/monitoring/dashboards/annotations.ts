/** Lines across the panels where something was deployed: versions that are new, and processes that start. */
import { buildInfo } from '../../catalogue/self.js';
import { variable } from '../promql/builder.js';
import { selector, sumBy } from '../promql/expression.js';
import { processStart } from '../third-party-metrics.js';

export interface Annotation {
  readonly name: 'Deploys' | 'Starts';
  /** PromQL. */
  readonly query: string;
  readonly title: string;
}

export function deployAnnotations(): Annotation[] {
  const job = { job: variable('job') };
  const runs = (offset = '') => sumBy(['job', 'version', 'revision'], `${selector(buildInfo, job)}${offset}`);
  return [
    {
      name: 'Deploys',
      query: `${runs()} unless ${runs(' offset 5m')}`,
      title: '{{job}} {{version}} ({{revision}})',
    },
    // The value is when it started: the line stands there, not where the first scrape saw it.
    { name: 'Starts', query: `1000 * ${selector(processStart, job)}`, title: '{{job}} {{instance}} starts' },
  ];
}
