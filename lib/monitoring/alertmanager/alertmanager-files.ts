/** The configuration of Alertmanager and its templates. */
import type { BundleFile } from '../model.js';
import type { BundleSettings } from '../settings.js';
import { yamlFile } from '../yaml-file.js';
import { receiverEntries, receiverFiles } from './alertmanager-receivers.js';
import { inhibitRules, rootRoute } from './alertmanager-routes.js';
import { notificationTemplate, templatePath } from './alertmanager-template.js';
import { timeIntervals } from './quiet-hours.js';

/** `alertmanager/alertmanager.yml`, its template, and the placeholder files of its receivers. */
export function alertmanagerFiles(settings: BundleSettings): BundleFile[] {
  const { quietHours, receivers } = settings;
  const quiet = quietHours && {
    '#': `Tickets and information wait until these are over (${quietHours.timeZone}).`,
    time_intervals: timeIntervals(quietHours),
  };
  return [
    yamlFile(
      'alertmanager/alertmanager.yml',
      {
        templates: ['templates/*.tmpl'],
        ...quiet,
        route: rootRoute(settings),
        inhibit_rules: inhibitRules(settings),
        receivers: receiverEntries(settings),
      },
      "Start Alertmanager in this folder: paths of the receivers' files are relative to it.",
    ),
    { path: `alertmanager/${templatePath(settings)}`, content: notificationTemplate(settings) },
    ...receiverFiles(receivers),
  ];
}
