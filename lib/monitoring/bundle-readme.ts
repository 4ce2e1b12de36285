import { alertmanagerCommand, startCommand } from './deploy/start-commands.js';
import type { BundleFile } from './model.js';
import type { BundleSettings } from './settings.js';
import { filledText } from './text-template.js';

/** Path or folder, and its purpose. Only what the bundle has is listed. */
const contents: readonly (readonly [path: string, purpose: string])[] = [
  ['prometheus/prometheus.yml', 'scrapes, rule files and Alertmanager'],
  ['prometheus/agent.yml', 'the same for agent mode'],
  ['prometheus/rules/', 'recording rules, objectives, alerts'],
  ['prometheus/tests/', 'tests of the rules: each alert fires in one and stays quiet in another'],
  ['alertmanager/', 'routes, inhibition, templates; the receivers are files to fill in'],
  ['grafana/dashboards/', 'dashboards'],
  ['grafana/provisioning/', 'how Grafana finds Prometheus and loads the dashboards'],
  ['runbooks/', 'what each alert means and what to do'],
  ['deploy/docker-compose.yml', 'Prometheus, Alertmanager and Grafana in containers'],
  ['deploy/kubernetes/', 'manifests for a cluster with the Prometheus operator'],
  ['COVERAGE.md', 'panels, rules and alerts per metric; runbook, tests and panels per alert'],
];

/** `README.md` of the bundle: its contents, how to check it and how to start it. */
export function bundleReadme(settings: BundleSettings, files: readonly BundleFile[]): BundleFile {
  const { config, job, targets, prometheus, alertmanager } = settings;
  const has = (start: string): boolean => files.some(({ path }) => path.startsWith(start));
  const days = config.retentionDays === 1 ? 'one day' : `${config.retentionDays} days`;
  const scraped = targets.map((target) => `\`${target}${config.path}\``).join(', ');
  const listed = contents
    .filter(([path]) => has(path))
    .map(([path, purpose]) => `- [${path}](${path}): ${purpose}`);
  const tests = has('prometheus/tests/') ? '\n    promtool test rules prometheus/tests/*.test.yml' : '';
  const compose = has('deploy/docker-compose.yml')
    ? '\nIn containers, with Grafana:\n\n    docker compose -f deploy/docker-compose.yml up\n'
    : '';
  const kubernetes = has('deploy/kubernetes/')
    ? '\nIn a cluster with the Prometheus operator:\n\n    kubectl apply -f deploy/kubernetes/\n'
    : '';
  const links = settings.runbookUrl.includes('://')
    ? ''
    : "Alerts link to their runbooks. Set the URL where people can read them: `runbookUrl: 'https://…'`.\n\n";
  const content = filledText('texts/bundle-readme.md', {
    ...{ job, scraped, days, tests, compose, kubernetes, links, prometheus, alertmanager },
    scrapeSeconds: settings.intervals.scrapeSeconds,
    listed: listed.join('\n'),
    start: indented(startCommand(settings)),
    startAlertmanager: indented(alertmanagerCommand(settings)),
  });
  return { path: 'README.md', content };
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '    ');
}
