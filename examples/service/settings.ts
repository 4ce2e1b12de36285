/** Reads the settings from the environment, and explains errors of the start. */
import { loadMetricsConfig, type MetricsConfig, MetricsError } from '@tamma/observability';
import { type ConductName, conducts } from './sandbox/conduct.js';

type Environment = Readonly<Record<string, string | undefined>>;

export interface Settings {
  readonly host: string;
  readonly port: number;
  /** Webhooks per second that the replay posts; 0 for none. */
  readonly pace: number;
  readonly seed: number;
  /** Key of the webhooks' signatures; a random one without it. */
  readonly secret: string | undefined;
  /** How the sandbox behaves. */
  readonly sandbox: ConductName;
  /** Access to the real providers; the sandbox without it. */
  readonly real?: Readonly<Record<'anthropic' | 'openai', { apiKey: string; baseURL: string | undefined }>>;
  readonly metrics: MetricsConfig;
}

/** @throws RangeError or MetricsError, whose message names the invalid variable */
export function readSettings(env: Environment): Settings {
  const {
    HOST,
    REPLAY,
    AI = 'sandbox',
    SANDBOX = 'healthy',
    WEBHOOK_SECRET,
    ANTHROPIC_API_KEY,
    OPENAI_API_KEY,
  } = env;
  if (!Object.hasOwn(conducts, SANDBOX))
    throw new RangeError(
      `Invalid \`SANDBOX\`: expected "${Object.keys(conducts).join('" or "')}", received ${JSON.stringify(SANDBOX)}.`,
    );
  const settings = {
    host: HOST ?? '127.0.0.1',
    port: numberFrom(env, 'PORT', '3000', 65_535),
    pace: REPLAY === 'off' ? 0 : numberFrom(env, 'REPLAY_PACE', '40', 1_000),
    seed: numberFrom(env, 'SEED', '1', 2 ** 32 - 1),
    secret: WEBHOOK_SECRET || undefined,
    sandbox: SANDBOX as ConductName,
    metrics: loadMetricsConfig(env),
  };
  if (AI === 'sandbox') return settings;
  if (AI !== 'real')
    throw new RangeError(`Invalid \`AI\`: expected "sandbox" or "real", received ${JSON.stringify(AI)}.`);
  if (!ANTHROPIC_API_KEY || !OPENAI_API_KEY)
    throw new RangeError('Missing `ANTHROPIC_API_KEY` or `OPENAI_API_KEY`: expected both with AI=real.');
  return {
    ...settings,
    real: {
      anthropic: { apiKey: ANTHROPIC_API_KEY, baseURL: env.ANTHROPIC_BASE_URL },
      openai: { apiKey: OPENAI_API_KEY, baseURL: env.OPENAI_BASE_URL },
    },
  };
}

function numberFrom(env: Environment, variable: string, fallback: string, highest: number): number {
  const text = env[variable] ?? fallback;
  const number = Number(text);
  if (/^\d+$/.test(text) && number <= highest) return number;
  throw new RangeError(
    `Invalid \`${variable}\`: expected an integer within 0 to ${highest}, received ${JSON.stringify(text)}.`,
  );
}

/** One line for an error that the user can fix; the stack for a bug. */
export function explained(error: unknown, env: Environment): string {
  if (error instanceof MetricsError || error instanceof RangeError) return error.message;
  if (error instanceof Error && 'code' in error) {
    const { PORT = '3000', HOST = '127.0.0.1' } = env;
    if (error.code === 'EADDRINUSE')
      return `Port ${PORT} of ${HOST} is in use: choose another with PORT=3001 npm start, or PORT=0 for any free port.`;
    if (error.code === 'EACCES')
      return `Port ${PORT} of ${HOST} is not permitted for this user: choose one above 1023 with PORT=3000 npm start.`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
