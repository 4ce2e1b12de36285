/** `npm start`: reads the environment, starts the service and prints its URLs. `createMetrics` ends the process on a signal. */
import { randomBytes } from 'node:crypto';
import { Claude } from './claude.js';
import { GitHub } from './github.js';
import { GitLab } from './gitlab.js';
import { Gpt } from './gpt.js';
import { seededRandom } from './random.js';
import { conducts } from './sandbox/conduct.js';
import { type Sandbox, startSandbox } from './sandbox/sandbox.js';
import { startService } from './service.js';
import { explained, readSettings } from './settings.js';

let sandbox: Sandbox | undefined;
try {
  const settings = readSettings(process.env);
  const { pace, secret, real, metrics } = settings;
  const random = seededRandom(settings.seed);
  const outside = await startSandbox(random, conducts[settings.sandbox]);
  sandbox = outside;
  const url = await startService({
    host: settings.host,
    port: settings.port,
    secret: secret ?? randomBytes(32).toString('hex'),
    replayPace: pace,
    github: {
      platform: new GitHub(outside.github),
      ai: new Claude(real?.anthropic ?? { apiKey: 'sandbox', baseURL: outside.anthropic }),
    },
    gitlab: {
      platform: new GitLab(outside.gitlab),
      // With SANDBOX=failing, a model without a price.
      ai: new Gpt(
        real?.openai ?? { apiKey: 'sandbox', baseURL: outside.openai },
        settings.sandbox === 'failing' ? ['gpt-5', 'gpt-5-preview'] : undefined,
      ),
    },
    hosts: outside.hosts,
    random,
    metrics,
  });

  console.log(`A small Tamma on ${url}

  dashboard ${metrics.enabled ? `${url}/dashboard` : 'off (METRICS_ENABLED=false)'}
  metrics   ${metrics.enabled ? `${url}${metrics.path}` : 'off (METRICS_ENABLED=false)'}
  health    ${url}/health and /ready
  webhooks  POST ${url}/webhooks/github and /webhooks/gitlab${secret ? '' : ' (set WEBHOOK_SECRET to sign your own)'}
  replay    ${pace === 0 ? 'off' : `329 real GitHub payloads and some of GitLab's, ${pace} per second, in a loop (REPLAY=off disables it)`}
  AI        ${real ? 'Anthropic and OpenAI, at your expense' : 'the real SDKs with a sandbox on this machine (AI=real for Anthropic and OpenAI)'}

Press Ctrl-C to stop.`);
} catch (error) {
  console.error(explained(error, process.env));
  process.exitCode = 1;
  await sandbox?.close();
}
