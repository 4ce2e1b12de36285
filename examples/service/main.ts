/** `npm start`: reads the environment, starts the service, says where to look, and ends cleanly. */
import { randomBytes } from 'node:crypto';
import { loadMetricsConfig, MetricsError } from '@tamma/observability';
import type { LanguageModel } from './language-model.js';
import { seededRandom } from './random.js';
import { seededModel } from './seeded-model.js';
import { startService } from './service.js';

const {
  HOST: host = '127.0.0.1',
  PORT = '3000',
  REPLAY = 'on',
  REPLAY_PACE = '40',
  SEED = '1',
  WEBHOOK_SECRET,
  ANTHROPIC_API_KEY,
  ANTHROPIC_MODEL = 'claude-haiku-4-5',
} = process.env;

/** Longest that a stop may take, in milliseconds. */
const stopDeadline = 5_000;

try {
  const port = numberFrom('PORT', PORT, 65_535);
  const pace = REPLAY === 'off' ? 0 : numberFrom('REPLAY_PACE', REPLAY_PACE, 1_000);
  const random = seededRandom(numberFrom('SEED', SEED, 2 ** 32 - 1));
  const model = await chosenModel();
  const metrics = loadMetricsConfig();
  const service = await startService({
    host,
    port,
    secret: WEBHOOK_SECRET || randomBytes(32).toString('hex'),
    replayPace: pace,
    model,
    random,
    metrics,
  });

  console.log(`A small Tamma on ${service.url}

  metrics   ${metrics.enabled ? `${service.url}${metrics.path}` : 'off (METRICS_ENABLED=false)'}
  webhooks  POST ${service.url}/webhooks/github${WEBHOOK_SECRET ? '' : ' (set WEBHOOK_SECRET to sign your own)'}
  replay    ${pace === 0 ? 'off' : `329 real GitHub payloads, ${pace} a second, round and round (REPLAY=off stops it)`}
  AI        ${model.provider === 'seeded' ? 'a seeded model in this process (set ANTHROPIC_API_KEY for the real one)' : `${model.provider}, ${model.models.join(', ')}`}

Ctrl-C ends it.`);

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      setTimeout(() => process.exit(0), stopDeadline).unref();
      void service.stop().then(() => process.exit(0));
    });
  }
} catch (error) {
  console.error(explained(error));
  process.exitCode = 1;
}

async function chosenModel(): Promise<LanguageModel> {
  if (!ANTHROPIC_API_KEY) return seededModel(seededRandom(numberFrom('SEED', SEED, 2 ** 32 - 1) + 1));
  // Loaded only where it is used: the SDK is large.
  const { anthropicModel } = await import('./anthropic-model.js');
  return anthropicModel(ANTHROPIC_API_KEY, ANTHROPIC_MODEL);
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
    if (error.code === 'ENOENT' && process.env.METRICS_TOKEN_FILE)
      return `Invalid \`METRICS_TOKEN_FILE\`: expected the path of a file, received ${JSON.stringify(process.env.METRICS_TOKEN_FILE)}, which is not there.`;
    if (error.code === 'EACCES')
      return `Port ${PORT} of ${host} is not allowed to this user: choose one above 1023 with PORT=3000 npm start.`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
