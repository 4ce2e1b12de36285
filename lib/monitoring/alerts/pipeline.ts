/** The metrics of the service themselves: what is folded, lost, stale or not pushed. */
import {
  metricsClusterWorkers,
  metricsCollectorErrors,
  metricsPushFailures,
  metricsPushSuccessTimestamp,
  metricsRecordingErrors,
  metricsSeries,
  metricsSeriesFolded,
  metricsSnapshotAge,
} from '../../catalogue/self.js';
import type { Alert } from '../model.js';
import { type BundleSettings, holdOf } from '../settings.js';
import { up } from '../third-party-metrics.js';
import { appearing, growing, steady } from './crafted.js';
import { inJob, joined } from './in-job.js';

const shared = { subject: 'pipeline', severity: 'ticket', dashboard: 'pipeline' } as const;
const instance = { instance: 'a:9090' };

export function pipelineAlerts(settings: BundleSettings): Alert[] {
  return [
    seriesFolded(settings),
    recordingErrors(settings),
    collectorErrors(settings),
    workersSilent(settings),
    snapshotStale(settings),
    pushFailing(settings),
  ];
}

function seriesFolded(settings: BundleSettings): Alert {
  const { of, window, events } = inJob(settings);
  const labels = { metric: 'http_server_request_duration_seconds', label: 'route' };
  const series = of(metricsSeriesFolded, { ...labels, ...instance });
  return {
    ...shared,
    name: 'MetricsSeriesFolded',
    expression: `${events(metricsSeriesFolded, ['metric', 'label'], 3_600)} > 0`,
    forSeconds: 0,
    summary: 'Values of {{ $labels.label }} of {{ $labels.metric }} are recorded as other',
    description: `{{ $value | humanize }} recordings of {{ $labels.metric }} within ${window(3_600)} had their label {{ $labels.label }} replaced by "other": totals are right, their parts are not.`,
    runbook: {
      meaning:
        'A metric has more series than its budget, or a label a value outside of its set, so that values are put together as `other`. Memory is safe and sums stay right; alerts and panels by that label do not see what is in `other`.',
      query: `topk(5, sum by (metric, label) (increase(${of(metricsSeriesFolded)}[1h])))`,
      causes: [
        'Something without end became a label: an id, a path, a branch, the text of an error.',
        'A misspelt value of a closed set (an outcome, a severity).',
        'There really are more values than the budget holds.',
      ],
      actions: [
        'Run the query: the metric and its label.',
        `See what values there are: \`count by (LABEL) (METRIC)\`, and how near the budget others are: \`topk(5, ${of(metricsSeries)})\`.`,
        'Values without end: mend the label source. Misspelt: mend the caller. Truly as many: raise METRICS_MAX_SERIES, or `maxSeries` of the definition.',
        'What is folded stays so until the process is started anew.',
      ],
    },
    tests: {
      fires: {
        series: { [series]: appearing(70, 1, 20), [of(up, instance)]: steady(1, 90) },
        atMinutes: 75,
        labels: [{ job: settings.job, ...labels }],
      },
      quiet: { series: { [series]: steady(4, 90), [of(up, instance)]: steady(1, 90) }, atMinutes: 75 },
    },
  };
}

function recordingErrors(settings: BundleSettings): Alert {
  const { of, window, events } = inJob(settings);
  const labels = { metric: 'http_server_request_duration_seconds', reason: 'value' };
  const series = of(metricsRecordingErrors, { ...labels, ...instance });
  return {
    ...shared,
    name: 'MetricsRecordingErrors',
    expression: `${events(metricsRecordingErrors, ['metric', 'reason'], 3_600)} > 0`,
    forSeconds: 0,
    summary: 'Recordings of {{ $labels.metric }} fail',
    description: `{{ $value | humanize }} recordings of {{ $labels.metric }} within ${window(3_600)} failed, reason {{ $labels.reason }}. The service is not hurt; what it did is not counted.`,
    runbook: {
      meaning:
        'The service did something and could not record it. It goes on unhurt, and the metric is too low.',
      query: `sum by (metric, reason) (increase(${of(metricsRecordingErrors)}[1h]))`,
      causes: [
        'A value that is none: NaN, a negative duration, a text in place of a number (reason `value`).',
        'A function that gives a label throws (reason `label`).',
        'A snapshot that cannot be written (metric `metrics_snapshot_age_seconds`, the reason is the code of the error).',
      ],
      actions: [
        'Run the query, then look for the warning METRICS_RECORDING_FAILED or METRICS_SNAPSHOT_FAILED in the log: it was said once, with the value and the place.',
        'Mend the caller or the label source that it names.',
        'ENOSPC or EACCES of a snapshot: make room, or mend the permissions of the folder of METRICS_SNAPSHOT_FILE.',
      ],
    },
    tests: {
      fires: {
        series: { [series]: appearing(70, 1, 20), [of(up, instance)]: steady(1, 90) },
        atMinutes: 75,
        labels: [{ job: settings.job, ...labels }],
      },
      quiet: { series: { [series]: steady(2, 90), [of(up, instance)]: steady(1, 90) }, atMinutes: 75 },
    },
  };
}

function collectorErrors(settings: BundleSettings): Alert {
  const { of, window, increase } = inJob(settings);
  const { collectorErrors: minimum } = settings.thresholds;
  const labels = { metric: 'queue_depth' };
  const series = of(metricsCollectorErrors, { ...labels, ...instance });
  return {
    ...shared,
    name: 'MetricsCollectorErrors',
    expression: `${increase(metricsCollectorErrors, ['metric'], 900)} >= ${minimum}`,
    forSeconds: 0,
    summary: '{{ $labels.metric }} cannot be collected',
    description: `Collecting {{ $labels.metric }} has failed {{ $value | humanize }} times within ${window(900)} (limit ${minimum}): scrapes go on without it, or with what it was last.`,
    runbook: {
      meaning:
        'A metric is computed when it is scraped, and that fails. The other metrics are scraped as usual; alerts on this one are blind.',
      query: `sum by (instance, metric) (increase(${of(metricsCollectorErrors)}[15m]))`,
      causes: [
        'A collect function throws or rejects: what it asks is down, or its answer has another shape.',
        'It takes longer than the scrape gives it.',
        'A third-party metric has lines that cannot be written: a value that is no number, a label that is no name.',
      ],
      actions: [
        'Look for the warning in the log: it names the metric and the error, once.',
        'Fix the collect function, or give it a cache and a time-out of its own.',
      ],
    },
    tests: {
      fires: {
        series: { [series]: growing((2 * minimum) / 15, 40) },
        atMinutes: 30,
        labels: [{ job: settings.job, ...labels }],
      },
      quiet: { series: { [series]: `0x20 ${steady(1, 20)}` }, atMinutes: 30 },
    },
  };
}

function workersSilent(settings: BundleSettings): Alert {
  const { of, window } = inJob(settings);
  const series = of(metricsClusterWorkers, { ...instance, state: 'silent' });
  return {
    ...shared,
    name: 'MetricsWorkersSilent',
    expression: `min by (job, instance) (min_over_time(${of(metricsClusterWorkers, { state: 'silent' })}[${window(300)}])) > 0`,
    forSeconds: holdOf(settings, 300),
    summary: 'Workers of {{ $labels.instance }} do not answer',
    description: `{{ $value }} or more workers of {{ $labels.instance }} have not answered any scrape within ${window(300)}: what they count is missing from the sums.`,
    runbook: {
      meaning:
        'Workers of a cluster do not report to their primary in time. Their gauges are left out; their counters stand still.',
      query: `max by (instance, state) (${of(metricsClusterWorkers)})`,
      causes: [
        'The event loop of a worker is blocked: it serves nothing else either.',
        'A worker has very many series, and takes longer than the deadline of the scrape.',
        'A thread has ended without its primary being told.',
      ],
      actions: [
        'Find the worker by its CPU time: a blocked one is at 100 %. Take a CPU profile, then restart it.',
        'None is: raise the scrape timeout, or lower the number of series.',
      ],
    },
    tests: {
      fires: {
        series: { [series]: steady(1, 30) },
        atMinutes: 20,
        labels: [{ job: settings.job, ...instance }],
      },
      quiet: { series: { [series]: '0x10 1x2 0x20' }, atMinutes: 20 },
    },
  };
}

function snapshotStale(settings: BundleSettings): Alert {
  const { of } = inJob(settings);
  // Snapshots are written as often as is scraped: one may be late, and fewer than that is no fault.
  const limit = Math.max(settings.thresholds.snapshotAgeSeconds, 3 * settings.config.scrapeIntervalSeconds);
  const series = of(metricsSnapshotAge, instance);
  return {
    ...shared,
    name: 'MetricsSnapshotStale',
    expression: `max by (job, instance) (${of(metricsSnapshotAge)}) > ${limit}`,
    forSeconds: holdOf(settings, 120),
    summary: '{{ $labels.instance }} does not write its snapshot',
    description: `The last snapshot of {{ $labels.instance }} is {{ $value | humanizeDuration }} old (limit ${limit} s): if the process ends now, that much of what was counted is lost.`,
    runbook: {
      meaning:
        'The state of the metrics is no longer kept across restarts. Nothing is lost as long as the process lives. Where no snapshots are kept, the age is 0 and this never fires.',
      query: `max by (instance) (${of(metricsSnapshotAge)})`,
      causes: [
        'The disk is full, or the folder cannot be written.',
        'Another process keeps the same file, and this one waits (METRICS_SNAPSHOT_LOCKED in the log).',
        'The event loop is blocked, so that no timer runs (EventLoopLag).',
      ],
      actions: [
        'Look for METRICS_SNAPSHOT_FAILED or METRICS_SNAPSHOT_LOCKED in the log of the process.',
        '`df` and `ls -l` for the folder of METRICS_SNAPSHOT_FILE: make room, mend permissions. It is tried again at every interval.',
        'Two processes with one file: give each its own.',
        'Do not restart before it writes again, if you can choose.',
      ],
    },
    tests: {
      fires: {
        series: { [series]: steady(2 * limit, 20) },
        atMinutes: 10,
        labels: [{ job: settings.job, ...instance }],
      },
      quiet: {
        series: {
          [series]: steady(0, 20),
          [of(metricsSnapshotAge, { instance: 'b:9090' })]: steady(limit / 2, 20),
        },
        atMinutes: 10,
      },
    },
  };
}

function pushFailing(settings: BundleSettings): Alert {
  const { of, window, increase } = inJob(settings);
  const { pushFailures: minimum } = settings.thresholds;
  // Of each process: another one that gets through must not hide it.
  const each = ['instance', 'target'];
  const target = { ...instance, target: 'gateway:9091' };
  const failed = of(metricsPushFailures, target);
  const succeeded = of(metricsPushSuccessTimestamp, target);
  return {
    ...shared,
    name: 'MetricsPushFailing',
    expression: joined(
      `${increase(metricsPushFailures, each, 900)} >= ${minimum}`,
      'unless',
      each,
      `sum by (${['job', ...each].join(', ')}) (changes(${of(metricsPushSuccessTimestamp)}[${window(900)}])) > 0`,
    ),
    forSeconds: holdOf(settings, 60),
    summary: 'Pushes of {{ $labels.instance }} to {{ $labels.target }} fail',
    description: `{{ $value | humanize }} pushes of {{ $labels.instance }} to {{ $labels.target }} failed within ${window(900)}, and none succeeded.`,
    runbook: {
      meaning:
        'The service cannot push its metrics. Nothing is queued: once it works again, the next push has the numbers of then.',
      query: `time() - ${of(metricsPushSuccessTimestamp)}`,
      causes: [
        'The Pushgateway is down, or its address has changed (METRICS_PUSH_URL).',
        'It refuses: credentials, or metrics that conflict with those of another job.',
        'It answers later than the timeout.',
      ],
      actions: [
        'Look for METRICS_PUSH_FAILED in the log: it says what was answered.',
        "`curl TARGET/-/ready` from the machine of the service; restart the gateway if it doesn't answer.",
        'A 400 is a conflict: see the metrics of that group on the page of the gateway, and delete the group that is in the way.',
      ],
    },
    tests: {
      fires: {
        series: { [failed]: growing((3 * minimum) / 15, 60), [succeeded]: steady(1_000, 60) },
        atMinutes: 40,
        labels: [{ job: settings.job, ...target }],
      },
      quiet: {
        series: { [failed]: growing((3 * minimum) / 15, 60), [succeeded]: growing(60, 60, 1_000) },
        atMinutes: 40,
      },
    },
  };
}
