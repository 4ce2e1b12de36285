/**
 * From a failing provider to the person on call: the example service, the real Prometheus and Alertmanager on a generated bundle,
 * and a receiver. Time is shortened by options; no file is edited.
 */
import { join } from 'node:path';
import { Webhooks } from '@octokit/webhooks';
import type { ExecutionContext } from 'ava';
import { seededRandom } from '../../../examples/service/random.js';
import { anthropicApi, openaiApi } from '../../../examples/service/sandbox/ai-apis.js';
import { type Api, answer, type Handler, startApi } from '../../../examples/service/sandbox/api.js';
import { generateBundle } from '../../../lib/monitoring/bundle.js';
import { writeBundle } from '../../../lib/monitoring/write-bundle.js';
import { startWebhook, type Webhook } from '../../helpers/alertmanager.js';
import { startCli } from '../../helpers/cli.js';
import { freePort } from '../../helpers/free-port.js';
import { searchPath, testWithBoth } from '../../helpers/programs.js';
import { queryPrometheus } from '../../helpers/prometheus.js';
import { startServiceProcess } from '../../helpers/service-process.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { until } from '../../helpers/until.js';

/** A provider that can refuse every request, as if it had withdrawn a model. */
interface Provider extends Api {
  refuses: boolean;
}

async function startProvider(t: ExecutionContext, api: Handler): Promise<Provider> {
  const { url, close } = await startApi(async (request, response) => {
    if (!provider.refuses) return api(request, response);
    const error = { type: 'invalid_request_error', message: 'no such model' };
    answer(response, 400, { type: 'error', error });
  });
  const provider: Provider = { url, close, refuses: false };
  t.teardown(close);
  return provider;
}

/** The random numbers of the sandbox, but without random failures. */
const isLikely = (share: number): boolean => share >= 0.5;
const random = { ...seededRandom(1), chance: isLikely, evenly: (share: number) => () => isLikely(share) };

const secret = 'test secret';

/** Two issues per second for each provider: steady load, so that seconds can represent minutes. */
async function startWork(t: ExecutionContext, url: string): Promise<void> {
  const github = JSON.stringify({
    action: 'opened',
    issue: { title: 'Broken', labels: [{ name: 'bug' }] },
    repository: { full_name: 'acme/app' },
  });
  const gitlab = JSON.stringify({
    object_kind: 'issue',
    project: { path_with_namespace: 'acme/app' },
    object_attributes: { action: 'open', title: 'Broken' },
  });
  const signature = await new Webhooks({ secret }).sign(github);
  const post = (path: string, body: string, headers: Readonly<Record<string, string>>) =>
    // The service may have ended already.
    fetch(`${url}/webhooks/${path}`, { method: 'POST', body, headers }).catch(() => undefined);
  const timer = setInterval(() => {
    void post('github', github, { 'x-github-event': 'issues', 'x-hub-signature-256': signature });
    void post('gitlab', gitlab, { 'x-gitlab-token': secret });
  }, 500);
  t.teardown(() => clearInterval(timer));
}

interface Notification {
  readonly status: 'firing' | 'resolved';
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly alerts: readonly {
    readonly status: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
}

/** The notifications of an alert that a receiver got. */
function receivedBy({ received: all }: Webhook, receiver: string, alertname: string): Notification[] {
  return all
    .filter(({ path }) => path === `/${receiver}`)
    .map(({ body }) => body as unknown as Notification)
    .filter(({ alerts }) => alerts.some(({ labels }) => labels.alertname === alertname));
}

testWithBoth(
  ['prometheus', 'alertmanager'],
  'a failing provider pages once and inhibits its ticket; the Watchdog arrives, and recovery is reported',
  async (t, _, version) => {
    t.timeout(600_000);
    const anthropic = await startProvider(t, anthropicApi(random));
    const openai = await startProvider(t, openaiApi(random));
    const service = await startServiceProcess({
      REPLAY: 'off',
      WEBHOOK_SECRET: secret,
      AI: 'real',
      ANTHROPIC_API_KEY: 'key',
      ANTHROPIC_BASE_URL: anthropic.url,
      OPENAI_API_KEY: 'key',
      OPENAI_BASE_URL: openai.url,
    });
    t.teardown(() => service.stop());
    await startWork(t, service.url);
    const webhook = await startWebhook();
    t.teardown(() => webhook.stop());
    const to = (receiver: string) => ({ webhookUrl: `${webhook.url}/${receiver}` });
    const [prometheus, alertmanager] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const bundle = await generateBundle({
      target: version === 'newer' ? '3' : '2.42',
      targets: [new URL(service.url).host],
      prometheus,
      alertmanager,
      // Five minutes become 7.5 seconds, and a ticket waits 22 seconds.
      intervals: {
        scrapeSeconds: 1,
        speedUp: 40,
        groupWaitSeconds: 1,
        groupIntervalSeconds: 1,
        repeatSeconds: 3_600,
      },
      thresholds: { aiMinimumRequests: 2 },
      quietHours: false,
      receivers: {
        pager: to('pager'),
        escalation: to('escalation'),
        tickets: to('tickets'),
        log: to('log'),
        deadMansSwitch: to('switch'),
      },
    });
    const folder = join(await temporaryFolder(t), 'bundle');
    await writeBundle(bundle, folder);
    const up = startCli(['up', '--dir', folder], { PATH: searchPath(version) });
    t.teardown(async () => {
      up.process.kill('SIGINT');
      await up.ended;
    });
    const first = <T>(list: readonly T[]): T | undefined => list[0];

    // ---- healthy
    const isScraped = /target tamma \S+ up/;
    await until('the first scrape', async () => (isScraped.test(up.output()) ? true : undefined));
    const working = 'sum(rate(ai_requests_successful_total{provider="anthropic"}[5s]))';
    await until('responses of the provider', async () => {
      const [rate] = await queryPrometheus(`http://${prometheus}`, working);
      return rate !== undefined && rate.value > 0 ? true : undefined;
    });
    t.deepEqual(
      webhook.received.flatMap(({ body }) =>
        (body as unknown as Notification).alerts.map(({ labels }) => labels.alertname).filter(isAboutAi),
      ),
      [],
    );

    // ---- the provider fails
    anthropic.refuses = true;
    const page = await until('the page', async () => first(receivedBy(webhook, 'pager', 'AiErrors')));
    t.is(page.status, 'firing');
    t.deepEqual(page.groupLabels, { alertname: 'AiErrors', service: 'tamma', subject: 'provider' });
    t.is(page.alerts.length, 1);
    t.like(page.alerts[0]?.labels, { provider: 'anthropic', severity: 'page', job: 'tamma' });
    t.like(page.alerts[0]?.annotations, {
      summary: 'Many requests to the AI provider anthropic fail',
      runbook_url: 'runbooks/provider.md#aierrors',
    });

    const inhibitedBy = await until('the inhibited ticket', async () => {
      const alerts = await alertsAt(alertmanager);
      const ticket = alerts.find(({ labels }) => labels.alertname === 'AiErrorsElevated');
      const ids = ticket?.status.inhibitedBy ?? [];
      const names = alerts.filter(({ fingerprint }) => ids.includes(fingerprint));
      return names.length > 0 ? names.map(({ labels }) => labels) : undefined;
    });
    t.true(inhibitedBy.every(({ severity, subject }) => severity === 'page' && subject === 'provider'));
    t.true(inhibitedBy.some(({ alertname }) => alertname === 'AiErrors'));
    // A later ticket of another service is sent: by then the suppressed one would have been sent, too.
    await postAlert(alertmanager, { alertname: 'Later', severity: 'ticket', service: 'another' });
    await until('the later ticket', async () => first(receivedBy(webhook, 'tickets', 'Later')));
    t.deepEqual(receivedBy(webhook, 'tickets', 'AiErrorsElevated'), []);
    t.deepEqual(receivedBy(webhook, 'tickets', 'AiErrors'), []);
    t.is(receivedBy(webhook, 'pager', 'AiErrors').length, 1, 'once');

    // ---- and is fixed
    anthropic.refuses = false;
    const end = await until('that it is over', async () =>
      receivedBy(webhook, 'pager', 'AiErrors').find(({ status }) => status === 'resolved'),
    );
    t.like(end.alerts[0]?.labels, { alertname: 'AiErrors', provider: 'anthropic' });
    t.deepEqual(
      receivedBy(webhook, 'pager', 'AiErrors').map(({ status }) => status),
      ['firing', 'resolved'],
    );
    t.regex(up.output(), /alert AiErrors provider=anthropic firing \(page\)/);
    // It fires before Prometheus has found Alertmanager, and is sent once more after a minute.
    await until('the Watchdog', async () => first(receivedBy(webhook, 'switch', 'Watchdog')));
    t.true(
      receivedBy(webhook, 'switch', 'Watchdog').every(({ status }) => status === 'firing'),
      'no notification says that the Watchdog is over',
    );
    up.process.kill('SIGINT');
    t.like(await up.ended, { code: 0, stderr: '' });
  },
);

function isAboutAi(alertname: string | undefined): boolean {
  return alertname?.startsWith('AiErrors') === true;
}

interface AlertState {
  readonly labels: Readonly<Record<string, string>>;
  readonly fingerprint: string;
  readonly status: { readonly inhibitedBy: readonly string[] };
}

async function alertsAt(alertmanager: string): Promise<AlertState[]> {
  return (await (await fetch(`http://${alertmanager}/api/v2/alerts`)).json()) as AlertState[];
}

async function postAlert(alertmanager: string, labels: Readonly<Record<string, string>>): Promise<void> {
  const { ok, status } = await fetch(`http://${alertmanager}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([{ labels }]),
  });
  if (!ok) throw new Error(`alertmanager: ${status}`);
}
