import test from 'ava';
import { explained, readSettings } from '../../examples/service/settings.js';

test('without environment variables the service listens on 127.0.0.1:3000, replays payloads and uses the sandbox', (t) => {
  t.like(readSettings({}), { host: '127.0.0.1', port: 3000, pace: 40, seed: 1, secret: undefined });
  t.is(readSettings({}).real, undefined);
});

test('AI=real reads the keys and URLs of both providers', (t) => {
  const env = {
    AI: 'real',
    ANTHROPIC_API_KEY: 'a',
    OPENAI_API_KEY: 'o',
    OPENAI_BASE_URL: 'http://127.0.0.1',
  };
  t.deepEqual(readSettings(env).real, {
    anthropic: { apiKey: 'a', baseURL: undefined },
    openai: { apiKey: 'o', baseURL: 'http://127.0.0.1' },
  });
});

for (const [env, message] of [
  [{ PORT: 'http' }, 'Invalid `PORT`: expected an integer within 0 to 65535, received "http".'],
  [{ PORT: '' }, 'Invalid `PORT`: expected an integer within 0 to 65535, received "".'],
  [
    { METRICS_PATH: 'metrics' },
    'Invalid configuration: `METRICS_PATH`: expected a path such as `/metrics`: letters, digits, `_`, `.`, `~`, `-` between single slashes, and not a path of the health endpoints, received "metrics".',
  ],
  [{ AI: 'magic' }, 'Invalid `AI`: expected "sandbox" or "real", received "magic".'],
  [
    { AI: 'real', ANTHROPIC_API_KEY: 'key' },
    'Missing `ANTHROPIC_API_KEY` or `OPENAI_API_KEY`: expected both with AI=real.',
  ],
] as const) {
  test(`${JSON.stringify(env)} is explained in one line`, (t) => {
    const error = t.throws(() => readSettings(env), { any: true });
    t.is(explained(error, env), message);
  });
}

test('an unexpected error is shown with its stack', (t) => {
  const error = new TypeError('a bug');
  t.is(explained(error, {}), String(error.stack));
});
