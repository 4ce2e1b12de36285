/** A Nest application: a decorated service, `/metrics` and health checks on its port, and an orderly stop. */
import 'reflect-metadata';
import { Controller, Get, Inject, Injectable, Module, NotFoundException, Param } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  createMetrics,
  defineCounter,
  defineHistogram,
  HealthChecks,
  label,
  loadMetricsConfig,
} from '@tamma/observability';
import { Counted, outcome, Timed } from '@tamma/observability/decorators';
import { createMetricsHandler } from '@tamma/observability/middleware';

const greetings = defineCounter({
  name: 'greetings_total',
  help: 'Greetings, by language and outcome.',
  labels: { language: label({ limit: 20 }), outcome: label('success', 'failure', 'escalation') },
});
const duration = defineHistogram({ name: 'greeting_duration_seconds', help: 'Duration of greetings.' });

@Injectable()
class Greeter {
  @Counted(greetings, { labels: { language: ({ args: [language] }) => language, outcome } })
  @Timed(duration)
  async greet(language: string): Promise<string> {
    if (language !== 'en') throw new NotFoundException();
    return 'Hello';
  }
}

@Controller()
class GreetController {
  // Named, since tsx does not emit the types of parameters. With tsc and `emitDecoratorMetadata`, `@Inject` is not needed.
  constructor(@Inject(Greeter) private readonly greeter: Greeter) {}

  @Get('greet/:language')
  greet(@Param('language') language: string): Promise<string> {
    return this.greeter.greet(language);
  }
}

@Module({ controllers: [GreetController], providers: [Greeter] })
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
const health = new HealthChecks();
// `server: false`: the metrics are on the port of the application.
const metrics = createMetrics(loadMetricsConfig(), { server: false, health, drain: () => app.close() });
app.use(createMetricsHandler({ checks: health }));
await app.listen(process.env.PORT ?? 3000, '127.0.0.1');
await metrics.start();
console.log(`Listening on ${await app.getUrl()}`);
