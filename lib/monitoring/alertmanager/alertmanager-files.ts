/** The configuration of Alertmanager and its templates. */
import type { BundleFile } from '../model.js';
import { duration } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import { filledText } from '../text-template.js';
import { templatePart, yamlFile } from '../yaml-file.js';
import { receiverEntries, receiverFiles } from './alertmanager-receivers.js';
import { inhibition } from './inhibition.js';
import { timeIntervals } from './quiet-hours.js';

/** Path of the templates of notifications, relative to `alertmanager/`. */
export function templatePath({ prefix }: Pick<BundleSettings, 'prefix'>): string {
  return `templates/${prefix}.tmpl`;
}

/**
 * `alertmanager/alertmanager.yml`, its template, and the placeholder files of its receivers.
 * @throws ERR_METRICS_INVALID_MONITORING if no metric has a label by which pages are distinguished
 */
export function alertmanagerFiles(settings: BundleSettings): BundleFile[] {
  const { prefix, quietHours, receivers, intervals, parts } = settings;
  const quiet = timeIntervals(quietHours);
  const repeat = Math.min(60, intervals.repeatSeconds);
  const configuration = templatePart('alertmanager/alertmanager.yml', 'configuration', {
    ...inhibition(settings),
    quietHours: quietHours && `Tickets and information wait until these are over (${quietHours.timeZone}).`,
    timeIntervals: quietHours && quiet,
    muted: quietHours && quiet.map(({ name }) => name),
    groupWait: duration(intervals.groupWaitSeconds),
    groupInterval: duration(intervals.groupIntervalSeconds),
    repeat: duration(intervals.repeatSeconds),
    hasPipeline: parts.has('pipeline'),
    watchdogGroupInterval: duration(Math.min(repeat / 2, intervals.groupIntervalSeconds)),
    watchdogRepeat: duration(repeat),
    receivers: receiverEntries(settings),
  });
  const about = "Start Alertmanager in this folder: paths of the receivers' files are relative to it.";
  return [
    yamlFile('alertmanager/alertmanager.yml', configuration, about),
    {
      path: `alertmanager/${templatePath(settings)}`,
      content: filledText('alertmanager/notifications.tmpl', { prefix }),
    },
    ...receiverFiles(receivers),
  ];
}
