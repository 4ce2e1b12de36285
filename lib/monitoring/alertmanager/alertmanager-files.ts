/** Alertmanager's configuration and templates. */

import type { BundleFile } from '../model.js';
import type { BundleSettings } from '../settings.js';
import { yamlFile } from '../yaml-file.js';
import { receiverEntries, receiverFiles } from './alertmanager-receivers.js';
import { defaultRoute, inhibitRules, type NotedRule, routesOf } from './alertmanager-routes.js';
import { notificationTemplate, templatePath } from './alertmanager-template.js';
import { timeIntervals } from './quiet-hours.js';

/** `alertmanager/alertmanager.yml`, its templates, and the files of its receivers. */
export function alertmanagerFiles(settings: BundleSettings): BundleFile[] {
  const intervals = timeIntervals(settings.quietHours);
  const { quietHours, receivers } = settings;
  const [routes, inhibitions] = [routesOf(settings), inhibitRules(settings)];
  return [
    yamlFile(
      'alertmanager/alertmanager.yml',
      {
        templates: ['templates/*.tmpl'],
        ...(intervals.length === 0 ? {} : { time_intervals: intervals }),
        route: { ...defaultRoute(settings), routes: routes.map(({ rule }) => rule) },
        inhibit_rules: inhibitions.map(({ rule }) => rule),
        receivers: receiverEntries(settings),
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
          ...notesAt('route.routes', 'receiver', routes),
          ...notesAt('inhibit_rules', 'source_matchers', inhibitions),
        },
      },
    ),
    { path: `alertmanager/${templatePath(settings)}`, content: notificationTemplate(settings) },
    ...receiverFiles(receivers),
  ];
}

/** Comments by the place that they stand at. */
function notesAt(list: string, field: string, rules: readonly NotedRule[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    rules.flatMap(({ note }, index) => (note === undefined ? [] : [[`${list}.${index}.${field}`, note]])),
  );
}
