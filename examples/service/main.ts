/** `npm start`: reads the environment, starts the service, and says where to look. `createMetrics` ends it. */
import { randomBytes } from 'node:crypto';
import { loadMetricsConfig, MetricsError } from '@tamma/observability';
import { Claude } from './claude.js';
import { GitHub } from './github.js';
import { GitLab } from './gitlab.js';
import { Gpt } from './gpt.js';
import { seededRandom } from './random.js';
import { type Sandbox, startSandbox } from './sandbox/sandbox.js';
import { startService } from './service.js';

const {
  HOST: host = '127.0.0.1',
  PORT = '3000',
  REPLAY = 'on',
  REPLAY_PACE = '40',
  SEED = '1',
  WEBHOOK_SECRET,
  AI = 'sandbox',
  ANTHROPIC_API_KEY,
  ANTHROPIC_BASE_URL,
  OPENAI_API_KEY,
  OPENAI_BASE_URL,
} = process.env;

let sandbox: Sandbox | undefined;
try {
  const port = numberFrom('PORT', PORT, 65_535);
  const pace = REPLAY === 'off' ? 0 : numberFrom('REPLAY_PACE', REPLAY_PACE, 1_000);
  const random = seededRandom(numberFrom('SEED', SEED, 2 ** 32 - 1));
  const metrics = loadMetricsConfig();
  const real = AI === 'real';
  if (!real && AI !== 'sandbox')
    throw new RangeError(`Invalid \`AI\`: expected "sandbox" or "real", received ${JSON.stringify(AI)}.`);
  if (real && (!ANTHROPIC_API_KEY || !OPENAI_API_KEY))
    throw new RangeError('Missing `ANTHROPIC_API_KEY` or `OPENAI_API_KEY`: expected both with AI=real.');
  const outside = await startSandbox(random);
  sandbox = outside;
  const url = await startService({
    host,
    port,
    secret: WEBHOOK_SECRET || randomBytes(32).toString('hex'),
    replayPace: pace,
    github: {
      platform: new GitHub(outside.github),
      ai: new Claude(
        real
          ? { apiKey: ANTHROPIC_API_KEY ?? '', baseURL: ANTHROPIC_BASE_URL }
          : { apiKey: 'sandbox', baseURL: outside.anthropic },
      ),
    },
    gitlab: {
      platform: new GitLab(outside.gitlab),
      ai: new Gpt(
        real
          ? { apiKey: OPENAI_API_KEY ?? '', baseURL: OPENAI_BASE_URL }
          : { apiKey: 'sandbox', baseURL: outside.openai },
      ),
    },
    hosts: outside.hosts,
    random,
    metrics,
  });

  console.log(`A small Tamma on ${url}

  metrics   ${metrics.enabled ? `${url}${metrics.path}` : 'off (METRICS_ENABLED=false)'}
  health    ${url}/health and /ready
  webhooks  POST ${url}/webhooks/github and /webhooks/gitlab${WEBHOOK_SECRET ? '' : ' (set WEBHOOK_SECRET to sign your own)'}
  replay    ${pace === 0 ? 'off' : `329 real GitHub payloads and some of GitLab's, ${pace} a second, round and round (REPLAY=off stops it)`}
  AI        ${real ? 'Anthropic and OpenAI, at your expense' : 'a sandbox on this machine behind the real SDKs (AI=real asks Anthropic and OpenAI)'}

Ctrl-C ends it.`);
} catch (error) {
  console.error(explained(error));
  process.exitCode = 1;
  await sandbox?.close();
}

function numberFrom(variable: string, text: string, highest: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number <= highest) return number;
  throw new RangeError(
    `Invalid \`${variable}\`: expected an integer within 0 to ${highest}, received ${JSON.stringify(text)}.`,
  );
}

function explained(error: unknown): string {
  if (error instanceof MetricsError || error instanceof RangeError) return error.message;
  if (error instanceof Error && 'code' in error) {
    if (error.code === 'EADDRINUSE')
      return `Port ${PORT} of ${host} is taken: choose another with PORT=3001 npm start, or PORT=0 for a free one.`;
    if (error.code === 'EACCES')
      return `Port ${PORT} of ${host} is not allowed to this user: choose one above 1023 with PORT=3000 npm start.`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
