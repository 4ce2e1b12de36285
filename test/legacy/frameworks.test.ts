// In a process of its own: reflect-metadata adds to Reflect.
/** NestJS, which is built on legacy decorators and Reflect metadata, with handlers that also have our decorators. */
import 'reflect-metadata';
import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  Module,
  Controller as NestController,
  Get as NestGet,
  Param as NestParam,
  SetMetadata,
  UseGuards,
} from '@nestjs/common';
import { NestFactory, Reflector } from '@nestjs/core';
import test from 'ava';
import { Counted, getInstrumentation, outcome, Timed, TracksGauge } from '../../decorators/index.js';
import { defineCounter, defineGauge, defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { createTestRegistry, readHistogram, readValue } from '../../lib/testing.js';

const calls = defineCounter({
  name: 'handler_calls_total',
  help: 'Calls.',
  labels: { handler: label(), outcome: label('success', 'failure', 'escalation') },
});
const seconds = defineHistogram({ name: 'handler_seconds', help: 'Durations.' });
const running = defineGauge({ name: 'handlers_running', help: 'Handlers in progress.' });

test('NestJS: injection, routes, guards and metadata work on decorated handlers, in any order of decorators', async (t) => {
  const registry = createTestRegistry();

  @Injectable()
  class Greetings {
    @Counted(calls, { registry, labels: { handler: 'service', outcome } })
    @Timed(seconds, { registry })
    async greet(name: string): Promise<string> {
      if (name === 'unknown') throw new Error('unknown');
      return `Hello ${name}`;
    }
  }

  @Injectable()
  class RoleGuard implements CanActivate {
    constructor(@Inject(Reflector) private readonly reflector: Reflector) {}
    @Counted(calls, { registry, labels: { handler: 'guard', outcome } })
    canActivate(context: ExecutionContext): boolean {
      // Reads the metadata that `SetMetadata` defined on the handler, which is our wrapper.
      return this.reflector.get<string>('role', context.getHandler()) !== 'unknown';
    }
  }

  @NestController('greet')
  @UseGuards(RoleGuard)
  class GreetController {
    constructor(@Inject(Greetings) private readonly greetings: Greetings) {}

    @NestGet('open/:name')
    @SetMetadata('role', 'anyone')
    @Counted(calls, { registry, labels: { handler: 'open', outcome } })
    @TracksGauge(running, { registry })
    open(@NestParam('name') name: string): Promise<string> {
      return this.greetings.greet(name);
    }

    @Counted(calls, { registry, labels: { handler: 'closed', outcome } })
    @NestGet('closed/:name')
    @SetMetadata('role', 'unknown')
    closed(@NestParam('name') name: string): string {
      return name;
    }
  }

  @Module({ controllers: [GreetController], providers: [Greetings, RoleGuard] })
  class AppModule {}

  const app = await NestFactory.create(AppModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  t.teardown(() => app.close());
  const url = await app.getUrl();
  const open = await fetch(`${url}/greet/open/ada`);
  t.deepEqual([open.status, await open.text()], [200, 'Hello ada']);
  t.is((await fetch(`${url}/greet/open/unknown`)).status, 500);
  t.is((await fetch(`${url}/greet/closed/ada`)).status, 403);

  const count = (handler: string, how: 'success' | 'failure'): number =>
    readValue(registry, calls, { handler, outcome: how }) ?? 0;
  t.deepEqual([count('open', 'success'), count('open', 'failure')], [1, 1]);
  t.deepEqual([count('service', 'success'), count('service', 'failure')], [1, 1]);
  t.deepEqual([count('guard', 'success'), count('closed', 'success')], [3, 0]);
  t.is(readHistogram(registry, seconds)?.count, 2);
  t.is(readValue(registry, running), 0);
  t.deepEqual(
    getInstrumentation(GreetController).map(({ method }) => method),
    ['open', 'closed'],
  );
});
