/** A dashboard as data; `dashboard-json.ts` writes it as Grafana's JSON. */
import { buildInfo, metricsSeries } from '../../catalogue/self.js';
import type { MetricDefinition } from '../../definition.js';
import type { DashboardName } from '../model.js';
import { variable } from '../promql/builder.js';
import { aggregate, checkLabel, selector } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import { processStart, up } from '../third-party-metrics.js';
import { type BoardQueries, boardQueries, type Row } from './panels.js';

/** A choice at the top of a dashboard: the values of a label. */
export interface Variable {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  /** `label_values(metric, label)`. */
  readonly query: string;
  /** The value that is chosen at first. Default: all. */
  readonly chosen?: string;
}

export interface Board {
  readonly name: DashboardName;
  /** Follows the name of the service. */
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly rows: readonly Row[];
  /** Values in the descriptions of its panels. */
  readonly values?: Readonly<Record<string, string | number>>;
}

interface BoardRows extends Pick<Board, 'name' | 'title' | 'description' | 'values'> {
  /** Labels to filter by, in addition to job and instance: a title, and a metric that has the label. */
  readonly variables?: Readonly<Record<string, readonly [title: string, definition: MetricDefinition]>>;
  /** `false` for a row of a part that the bundle does not have. */
  readonly rows: (queries: BoardQueries) => readonly (Row | readonly Row[] | false)[];
}

const job = { job: variable('job') };

/** @throws ERR_METRICS_INVALID_MONITORING */
export function board(
  settings: Pick<BundleSettings, 'job' | 'natives'>,
  { variables = {}, rows, ...texts }: BoardRows,
): Board {
  return {
    ...texts,
    variables: [
      jobVariable(settings),
      {
        name: 'instance',
        label: 'Instance',
        description: 'Processes of the job.',
        query: `label_values(${selector(up, job)}, instance)`,
      },
      ...Object.entries(variables).map(([name, [label, definition]]) => {
        checkLabel(definition, name);
        const part = definition.type === 'histogram' ? '_count' : undefined;
        return {
          name,
          label,
          description: `Values of the label ${name} of ${definition.name}.`,
          query: `label_values(${selector(definition, job, part)}, ${name})`,
        };
      }),
    ],
    rows: rows(boardQueries(Object.keys(variables), settings.natives)).flatMap((each) => each || []),
  };
}

export function jobVariable({ job: chosen }: Pick<BundleSettings, 'job'>): Variable {
  return {
    name: 'job',
    label: 'Job',
    description: 'Services that expose these metrics.',
    // Every registry exposes this metric, and only services that use this package have one.
    query: `label_values(${selector(metricsSeries)}, job)`,
    chosen,
  };
}

const versions = (offset = '') =>
  aggregate('sum', ['job', 'version', 'revision'], `${selector(buildInfo, job)}${offset}`);

/** Lines across the panels of every dashboard where a version is new and where a process starts. */
export const annotations = [
  {
    name: 'Deploys',
    query: `${versions()} unless ${versions(' offset 5m')}`,
    title: '{{job}} {{version}} ({{revision}})',
  },
  // The value is the time of the start, which is where Grafana draws the line.
  { name: 'Starts', query: `1000 * ${selector(processStart, job)}`, title: '{{job}} {{instance}} starts' },
];
