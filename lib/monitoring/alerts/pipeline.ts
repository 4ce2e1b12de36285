/** The metrics of the service themselves: folded series, failed recordings and collections, old snapshots, failed pushes. */
import {
  metricsClusterWorkers,
  metricsCollectorErrors,
  metricsPushFailures,
  metricsPushSuccessTimestamp,
  metricsRecordingErrors,
  metricsSeriesFolded,
  metricsSnapshotAge,
} from '../../catalogue/self.js';
import type { CounterDefinition } from '../../definition.js';
import type { Alert } from '../model.js';
import type { BundleSettings } from '../settings.js';
import { up } from '../third-party-metrics.js';
import { alertsOf } from './alert-row.js';
import { inJob, joined } from './in-job.js';
import { appearing, growing, steady } from './series-values.js';

const instance = { instance: 'a:9090' };
const duration = { metric: 'http_server_request_duration_seconds' };

export function pipelineAlerts(settings: BundleSettings): Alert[] {
  const { select, window, increase, events } = inJob(settings);
  const { collectorErrors: minErrors, pushFailures: minFailures, snapshotAgeSeconds } = settings.thresholds;
  const isUp = select(up, instance);
  /** An alert that fires with the first event, by some labels. */
  const rare = (definition: CounterDefinition, labels: Readonly<Record<string, string>>, before: number) => {
    const series = select(definition, { ...labels, ...instance });
    return {
      severity: 'ticket',
      expression: `${events(definition, Object.keys(labels), 3_600)} > 0`,
      atMinutes: 75,
      labels,
      fires: { [series]: appearing(70, 1, 20), [isUp]: steady(1, 90) },
      quiet: { [series]: steady(before, 90), [isUp]: steady(1, 90) },
    } as const;
  };
  const collector = { metric: 'queue_depth' };
  const collected = select(metricsCollectorErrors, { ...collector, ...instance });
  const silent = select(metricsClusterWorkers, { ...instance, state: 'silent' });
  // A snapshot is written at every scrape interval: one may be late.
  const maxAge = Math.max(snapshotAgeSeconds, 3 * settings.config.scrapeIntervalSeconds);
  const age = select(metricsSnapshotAge, instance);
  // By process: one that succeeds must not hide another that fails.
  const push = ['instance', 'target'];
  const target = { ...instance, target: 'gateway:9091' };
  const [failed, succeeded] = [
    select(metricsPushFailures, target),
    select(metricsPushSuccessTimestamp, target),
  ];
  const pushes = growing((3 * minFailures) / 15, 60);
  return alertsOf(settings, { subject: 'pipeline', dashboard: 'pipeline' }, [
    {
      name: 'MetricsSeriesFolded',
      ...rare(metricsSeriesFolded, { ...duration, label: 'route' }, 4),
      summary: 'Values of {{ $labels.label }} of {{ $labels.metric }} are recorded as other',
      description: `{{ $value | humanize }} recordings of {{ $labels.metric }} within ${window(3_600)} had their label {{ $labels.label }} replaced by "other": totals are right, their parts are not.`,
    },
    {
      name: 'MetricsRecordingErrors',
      ...rare(metricsRecordingErrors, { ...duration, reason: 'value' }, 2),
      summary: 'Recordings of {{ $labels.metric }} fail',
      description: `{{ $value | humanize }} recordings of {{ $labels.metric }} within ${window(3_600)} failed, reason {{ $labels.reason }}. The service is not hurt; what it did is not counted.`,
    },
    {
      name: 'MetricsCollectorErrors',
      severity: 'ticket',
      expression: `${increase(metricsCollectorErrors, ['metric'], 900)} >= ${minErrors}`,
      summary: '{{ $labels.metric }} cannot be collected',
      description: `Collecting {{ $labels.metric }} has failed {{ $value | humanize }} times within ${window(900)} (limit ${minErrors}): scrapes go on without it, or with what it was last.`,
      atMinutes: 30,
      labels: collector,
      fires: { [collected]: growing((2 * minErrors) / 15, 40) },
      quiet: { [collected]: `0x20 ${steady(1, 20)}` },
    },
    {
      name: 'MetricsWorkersSilent',
      severity: 'ticket',
      expression: `min by (job, instance) (min_over_time(${select(metricsClusterWorkers, { state: 'silent' })}[${window(300)}])) > 0`,
      hold: 300,
      summary: 'Workers of {{ $labels.instance }} do not answer',
      description: `{{ $value }} or more workers of {{ $labels.instance }} have not answered any scrape within ${window(300)}: what they count is missing from the sums.`,
      atMinutes: 20,
      labels: instance,
      fires: { [silent]: steady(1, 30) },
      quiet: { [silent]: '0x10 1x2 0x20' },
    },
    {
      name: 'MetricsSnapshotStale',
      severity: 'ticket',
      expression: `max by (job, instance) (${select(metricsSnapshotAge)}) > ${maxAge}`,
      hold: 120,
      summary: '{{ $labels.instance }} does not write its snapshot',
      description: `The last snapshot of {{ $labels.instance }} is {{ $value | humanizeDuration }} old (limit ${maxAge} s): if the process ends now, that much of what was counted is lost.`,
      atMinutes: 10,
      labels: instance,
      fires: { [age]: steady(2 * maxAge, 20) },
      quiet: {
        [age]: steady(0, 20),
        [select(metricsSnapshotAge, { instance: 'b:9090' })]: steady(maxAge / 2, 20),
      },
    },
    {
      name: 'MetricsPushFailing',
      severity: 'ticket',
      expression: joined(`${increase(metricsPushFailures, push, 900)} >= ${minFailures}`, [
        'unless',
        push,
        `sum by (${['job', ...push].join(', ')}) (changes(${select(metricsPushSuccessTimestamp)}[${window(900)}])) > 0`,
      ]),
      hold: 60,
      summary: 'Pushes of {{ $labels.instance }} to {{ $labels.target }} fail',
      description: `{{ $value | humanize }} pushes of {{ $labels.instance }} to {{ $labels.target }} failed within ${window(900)}, and none succeeded.`,
      atMinutes: 40,
      labels: target,
      fires: { [failed]: pushes, [succeeded]: steady(1_000, 60) },
      quiet: { [failed]: pushes, [succeeded]: growing(60, 60, 1_000) },
    },
  ]);
}
