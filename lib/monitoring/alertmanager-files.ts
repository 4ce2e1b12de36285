/** Alertmanager's configuration and templates. */
import { receiverEntries, receiverFiles } from './alertmanager-receivers.js';
import { inhibitRules, route } from './alertmanager-routes.js';
import { notificationTemplate } from './alertmanager-template.js';
import type { BundleFile } from './model.js';
import { timeIntervals } from './quiet-hours.js';
import type { BundleSettings } from './settings.js';
import { yamlFile } from './yaml-file.js';

/** `alertmanager/alertmanager.yml`, its templates, and the files of its receivers. */
export function alertmanagerFiles(settings: BundleSettings): BundleFile[] {
  const intervals = timeIntervals(settings.quietHours);
  const { quietHours, receivers } = settings;
  return [
    yamlFile(
      'alertmanager/alertmanager.yml',
      {
        templates: ['templates/*.tmpl'],
        ...(intervals.length === 0 ? {} : { time_intervals: intervals }),
        route: route(settings),
        inhibit_rules: inhibitRules(settings),
        receivers: receiverEntries(receivers),
      },
      {
        about: 'Alertmanager is started in this folder: files of receivers are relative to it.',
        notes: {
          ...(quietHours === undefined
            ? {}
            : {
                time_intervals: `Tickets and information wait until these are over (${quietHours.timeZone}).`,
              }),
          'route.receiver': 'For what no route below takes.',
          'route.routes.0.receiver': 'Its silence says that no alert can be told any more.',
          'route.routes.1.receiver':
            'Pages that have lasted, by rules of their own: prometheus/rules/alerts-escalation.yml.',
          'inhibit_rules.0.source_matchers':
            'Nothing of the service can be seen: what else is told of it says no more.',
          'inhibit_rules.1.source_matchers': 'A page over the tickets about the same.',
          'inhibit_rules.2.source_matchers': 'A page about a whole subject over the tickets about its parts.',
          'inhibit_rules.3.source_matchers': "The user's own alerts: a page over a ticket of the same name.",
          'inhibit_rules.4.source_matchers':
            'From here on: the page of a cause over the pages of what comes of it.',
        },
      },
    ),
    { path: 'alertmanager/templates/tamma.tmpl', content: notificationTemplate },
    ...receiverFiles(receivers),
  ];
}
