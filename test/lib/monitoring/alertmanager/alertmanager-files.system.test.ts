import { alertmanagerFiles } from '../../../../lib/monitoring/alertmanager/alertmanager-files.js';
import { receiverNames } from '../../../../lib/monitoring/alertmanager/alertmanager-receivers.js';
import { alertmanagerArguments } from '../../../../lib/monitoring/deploy/start-commands.js';
import { type BundleOptions, bundleSettings } from '../../../../lib/monitoring/settings.js';
import { startAlertmanager, startWebhook } from '../../../helpers/alertmanager.js';
import { testWithBoth } from '../../../helpers/programs.js';
import { runProgram } from '../../../helpers/run-program.js';
import { temporaryFolder } from '../../../helpers/temporary-folder.js';
import { until } from '../../../helpers/until.js';
import { writeFiles } from '../../../helpers/write-files.js';

const filesFor = (options: BundleOptions = {}) => alertmanagerFiles(bundleSettings(options));

// ---- amtool ----------------------------------------------------------------------------------------------------------

testWithBoth(
  ['amtool'],
  'amtool accepts the configuration with a receiver of each kind',
  async (t, { amtool }) => {
    const folder = await temporaryFolder(t);
    await writeFiles(
      folder,
      filesFor({
        quietHours: { timeZone: 'Europe/Vienna', from: '22:00', to: '00:00' },
        receivers: {
          pager: { pagerdutyKeyFile: '/run/secrets/pagerduty' },
          escalation: { opsgenieKeyFile: '/run/secrets/opsgenie' },
          tickets: { slackUrlFile: '/run/secrets/slack', channel: '#tamma' },
          log: 'nowhere',
          deadMansSwitch: { webhookUrl: 'https://switch.example/ping', tokenFile: 'receivers/switch.token' },
        },
      }),
    );
    const { code, output } = await runProgram(amtool, [
      'check-config',
      `${folder}/alertmanager/alertmanager.yml`,
    ]);
    t.is(code, 0, output);
    t.regex(output, /5 receivers/);
    t.regex(output, /1 templates\s+SUCCESS/);
  },
);

/** Alerts that are not in the bundle; bundle-tools.test.ts routes those of the bundle. */
for (const [labels, receivers] of [
  ['alertname=MyOwn severity=page subject=own service=tamma', 'pager'],
  ['alertname=MyOwn severity=none subject=own service=tamma', 'log'],
  ['alertname=SomethingElse', 'tickets'],
] satisfies [string, string][]) {
  testWithBoth(['amtool'], `amtool routes ${labels} to ${receivers}`, async (t, { amtool }) => {
    const folder = await temporaryFolder(t);
    await writeFiles(folder, filesFor());
    const { code, output } = await runProgram(amtool, [
      'config',
      'routes',
      'test',
      `--config.file=${folder}/alertmanager/alertmanager.yml`,
      `--verify.receivers=${receivers}`,
      ...labels.split(' '),
    ]);
    t.is(code, 0, output);
  });
}

testWithBoth(
  ['amtool'],
  'a notification names the alert and the environment, and links runbook and dashboard',
  async (t, { amtool }) => {
    const folder = await temporaryFolder(t);
    await writeFiles(folder, filesFor());
    const labels = { alertname: 'AiErrors', service: 'tamma', severity: 'page', environment: 'production' };
    const annotations = {
      summary: 'openai fails',
      description: '40% of its requests fail.',
      runbook_url: 'https://runbooks.example/provider.md#aierrors',
      dashboard_url: 'https://grafana.example/d/tamma-ai',
    };
    const data = (status: string) => ({
      status,
      receiver: 'pager',
      alerts: [{ status, labels, annotations }],
      groupLabels: labels,
      commonLabels: labels,
      commonAnnotations: annotations,
      externalURL: 'https://alertmanager.example',
    });
    const rendered = async (status: string, name: string): Promise<string> => {
      await writeFiles(folder, [{ path: 'data.json', content: JSON.stringify(data(status)) }]);
      const { code, output } = await runProgram(amtool, [
        'template',
        'render',
        `--template.glob=${folder}/alertmanager/templates/*.tmpl`,
        `--template.text={{ template "${name}" . }}`,
        `--template.data=${folder}/data.json`,
      ]);
      t.is(code, 0, output);
      return output.trim();
    };
    t.is(await rendered('firing', 'tamma.title'), '[FIRING 1] tamma: AiErrors in production');
    t.is(
      await rendered('firing', 'tamma.text'),
      [
        'openai fails',
        '40% of its requests fail.',
        'Runbook: https://runbooks.example/provider.md#aierrors',
        'Dashboard: https://grafana.example/d/tamma-ai',
      ].join('\n'),
    );
    t.is(await rendered('firing', 'tamma.link'), annotations.dashboard_url);
    t.is(await rendered('firing', 'tamma.color'), 'danger');
    t.is(await rendered('resolved', 'tamma.title'), '[RESOLVED] tamma: AiErrors in production');
    t.regex(await rendered('resolved', 'tamma.text'), /^openai fails \(resolved\)$/m);
    t.is(await rendered('resolved', 'tamma.color'), 'good');
  },
);

// ---- Alertmanager ----------------------------------------------------------------------------------------------------

const fast = { groupWaitSeconds: 1, groupIntervalSeconds: 1, repeatSeconds: 3_600 };
const alert = (alertname: string, severity: string, subject: string, more: Record<string, string> = {}) => ({
  labels: { alertname, severity, subject, service: 'tamma', ...more },
  annotations: { summary: `${alertname} of ${more.provider ?? 'all'}` },
});

testWithBoth(
  ['alertmanager'],
  'every alert reaches its receiver once; a page inhibits the tickets of its own subject only',
  async (t, { alertmanager }) => {
    const { running, webhook } = await started(t, alertmanager, {});
    await running.post([
      // The page first: a ticket that came before it would already have been sent.
      alert('AiErrors', 'page', 'provider', { provider: 'openai' }),
      alert('AiSlow', 'ticket', 'provider', { provider: 'openai' }),
      alert('AiSlower', 'ticket', 'provider', { provider: 'anthropic' }),
      alert('HttpErrors', 'page', 'http'),
      alert('HttpSlow', 'ticket', 'http', { route: '/issues' }),
      alert('QueueLong', 'info', 'workflow'),
      alert('Mine', 'page', 'own'),
      alert('MyTicket', 'ticket', 'own'),
      alert('Watchdog', 'none', 'pipeline'),
      alert('PageUnattended', 'page', 'pipeline', { escalated: 'true', origin: 'AiErrors' }),
      // Pages and tickets of the metrics pipeline are independent.
      alert('NotificationsFailing', 'page', 'pipeline'),
      alert('PushFailing', 'ticket', 'pipeline'),
    ]);
    const expected = [
      'dead-mans-switch Watchdog',
      'escalation PageUnattended',
      'log QueueLong',
      'pager AiErrors',
      'pager HttpErrors',
      'pager Mine',
      'pager NotificationsFailing',
      'tickets AiSlower',
      'tickets MyTicket',
      'tickets PushFailing',
    ];
    await until('every notification', async () =>
      notificationsOf(webhook).length >= expected.length ? true : undefined,
    );
    t.deepEqual(await running.inhibited(), ['AiSlow', 'HttpSlow']);
    // Any other notification, such as an inhibited ticket, would have been sent by the next flush of its group.
    await running.post([alert('Late', 'page', 'workflow')]);
    await until('the next notification', async () =>
      notificationsOf(webhook).includes('pager Late') ? true : undefined,
    );
    t.deepEqual(notificationsOf(webhook), [...expected, 'pager Late'].sort());
  },
);

testWithBoth(
  ['alertmanager'],
  'an outage of every AI provider is one page, which inhibits only the pages of its effects',
  async (t, { alertmanager }) => {
    const { running, webhook } = await started(t, alertmanager, {});
    const effects = [
      alert('AiErrors', 'page', 'provider', { provider: 'anthropic' }),
      alert('AiErrors', 'page', 'provider', { provider: 'openai' }),
      alert('SloAiRequestSuccessBurnsFast', 'page', 'slo', { provider: 'openai', slo: 'ai-request-success' }),
      alert('SloIssueSuccessBurnsFast', 'page', 'slo', { slo: 'issue-success' }),
      alert('SloWorkflowSuccessBurnsFast', 'page', 'slo', { slo: 'workflow-success' }),
      alert('WorkflowsFailing', 'page', 'workflow', { workflow_type: 'issue' }),
      alert('WorkflowsStuck', 'page', 'workflow', { workflow_type: 'issue' }),
      alert('WorkflowsWithoutSuccess', 'page', 'workflow'),
    ];
    await running.post([
      alert('AiAllProvidersFailing', 'page', 'provider'),
      ...effects,
      alert('HttpErrors', 'page', 'http'),
    ]);
    const expected = ['pager AiAllProvidersFailing', 'pager HttpErrors'];
    await until('every notification', async () =>
      notificationsOf(webhook).length >= expected.length ? true : undefined,
    );
    t.deepEqual(await running.inhibited(), effects.map(({ labels }) => labels.alertname).sort());
    await running.post([alert('Late', 'page', 'workflow')]);
    await until('the next notification', async () =>
      notificationsOf(webhook).includes('pager Late') ? true : undefined,
    );
    t.deepEqual(notificationsOf(webhook), [...expected, 'pager Late'].sort());
  },
);

testWithBoth(
  ['alertmanager'],
  'TargetsDown inhibits other alerts of its service, except the Watchdog and alerts of the metrics pipeline',
  async (t, { alertmanager }) => {
    const { running, webhook } = await started(t, alertmanager, {});
    await running.post([
      alert('TargetsDown', 'page', 'targets'),
      alert('AiErrors', 'page', 'provider', { provider: 'openai' }),
      alert('QueueLong', 'info', 'workflow'),
      alert('Watchdog', 'none', 'pipeline'),
      alert('RuleFailures', 'ticket', 'pipeline'),
      alert('PageUnattended', 'page', 'pipeline', { escalated: 'true', origin: 'TargetsDown' }),
      alert('Elsewhere', 'page', 'http', { service: 'shop' }),
    ]);
    const expected = [
      'dead-mans-switch Watchdog',
      'escalation PageUnattended',
      'pager Elsewhere',
      'pager TargetsDown',
      'tickets RuleFailures',
    ];
    await until('every notification', async () =>
      notificationsOf(webhook).length >= expected.length ? true : undefined,
    );
    t.deepEqual(await running.inhibited(), ['AiErrors', 'QueueLong']);
    t.deepEqual(notificationsOf(webhook), expected);
  },
);

testWithBoth(
  ['alertmanager'],
  'in quiet hours tickets are held back and pages are not',
  async (t, { alertmanager }) => {
    // From one minute ago to two minutes ago, so that it is quiet almost all day.
    const at = (minutes: number): string =>
      new Date(Date.now() + minutes * 60_000).toISOString().slice(11, 16);
    const { running, webhook } = await started(t, alertmanager, {
      quietHours: { from: at(-1), to: at(-2), weekends: false },
    });
    await running.post([alert('AiSlow', 'ticket', 'provider'), alert('QueueLong', 'info', 'workflow')]);
    await running.post([alert('HttpErrors', 'page', 'http')]);
    await until('the page', async () =>
      notificationsOf(webhook).includes('pager HttpErrors') ? true : undefined,
    );
    await running.post([alert('Later', 'page', 'http')]);
    await until('the next page', async () =>
      notificationsOf(webhook).includes('pager Later') ? true : undefined,
    );
    t.deepEqual(notificationsOf(webhook), ['pager HttpErrors', 'pager Later']);
  },
);

testWithBoth(
  ['alertmanager'],
  'a default receiver posts to the address in its file, which is relative to the configuration',
  async (t, { alertmanager }) => {
    const { running, webhook } = await started(t, alertmanager, { receivers: {} });
    await running.post([alert('HttpErrors', 'page', 'http')]);
    const [first] = await until('the page', async () =>
      webhook.received.length > 0 ? webhook.received : undefined,
    );
    t.is(first?.path, '/pager');
    t.like(first?.body, {
      attachments: [{ title: '[FIRING 1] tamma: HttpErrors', text: 'HttpErrors of all\n\n' }],
    });
  },
);

/** An Alertmanager with the bundle's files, and one webhook with a path per receiver. */
async function started(
  t: Parameters<typeof temporaryFolder>[0],
  program: string,
  { receivers, ...options }: BundleOptions,
) {
  const webhook = await startWebhook();
  const all = Object.fromEntries(
    Object.entries(receiverNames).map(([option, name]) => [option, { webhookUrl: `${webhook.url}/${name}` }]),
  );
  const settings = bundleSettings({
    quietHours: false,
    intervals: fast,
    receivers: receivers ?? all,
    ...options,
  });
  const folder = await temporaryFolder(t);
  const files = alertmanagerFiles(settings).map((file) =>
    file.placeholder === true
      ? { ...file, content: file.content.replace('http://127.0.0.1:9095', webhook.url) }
      : file,
  );
  await writeFiles(folder, files);
  const running = await startAlertmanager({
    program,
    folder: `${folder}/alertmanager`,
    args: (address) => alertmanagerArguments(settings, { listenAddress: address }),
  });
  t.teardown(async () => {
    await running.stop();
    await webhook.stop();
  });
  return { running, webhook };
}

/** Receiver and alert of each notification, as Alertmanager's own JSON has them. */
function notificationsOf({
  received: bodies,
}: {
  readonly received: readonly { readonly path: string; readonly body: unknown }[];
}) {
  return bodies
    .flatMap(({ path, body }) =>
      (body as { alerts: { labels: Record<string, string> }[] }).alerts.map(
        ({ labels }) => `${path.slice(1)} ${labels.alertname}`,
      ),
    )
    .sort();
}
