/** The smallest service: Koa, one counter, and `/metrics` on the port of the application. */
import type { AddressInfo } from 'node:net';
import { defineCounter, label, sharedRegistry } from '@tamma/observability';
import { metricsRouter, requestMetrics } from '@tamma/observability/middleware';
import Koa from 'koa';

const greetings = sharedRegistry.counter(
  defineCounter({
    name: 'greetings_total',
    help: 'Greetings, by language.',
    labels: { language: label('en', 'fr') },
  }),
);

const app = new Koa();
// First, so that it measures everything after it.
app.use(requestMetrics());
app.use(metricsRouter().routes());
app.use((ctx) => {
  const isFrench = ctx.path === '/fr';
  greetings.inc({ language: isFrench ? 'fr' : 'en' });
  ctx.body = isFrench ? 'Bonjour' : 'Hello';
});

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(`Listening on http://127.0.0.1:${port}`);
});
