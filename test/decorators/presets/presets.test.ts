/** `@WorkflowRun`, `@WorkflowStep`, `@ProviderRequest` and `@PlatformRequest` record what the recorders would, from the method alone. */
import test from 'ava';
import {
  anthropicUsage,
  getInstrumentation,
  Instrumented,
  instrument,
  PlatformRequest,
  ProviderRequest,
  WorkflowRun,
  WorkflowStep,
} from '../../../decorators/index.js';
import { catalogue } from '../../../lib/catalogue/catalogue.js';
import type { MetricDefinition } from '../../../lib/definition.js';
import { EscalationError } from '../../../lib/escalation.js';
import { instrumentFetch } from '../../../lib/outbound/fetch.js';
import { ProviderMetrics } from '../../../lib/recorders/provider.js';
import {
  createTestRegistry,
  readHistogram,
  readSamples,
  readValue,
  type TestRegistry,
} from '../../../lib/testing.js';
import { freezeDate } from '../../helpers/freeze-date.js';

/** Label values -> value; for a histogram, the number of observations. */
async function samples(registry: TestRegistry, metric: MetricDefinition): Promise<Record<string, number>> {
  const suffix = metric.type === 'histogram' ? '_count' : '';
  return Object.fromEntries(
    (await readSamples(registry, metric))
      .filter(({ metricName = metric.name }) => metricName === `${metric.name}${suffix}`)
      .map(({ labels, value }) => [Object.values(labels).join(' '), value]),
  );
}

// ---- @WorkflowRun -------------------------------------------------------------------------------------------------

interface Issue {
  readonly type: string;
  readonly end: 'good' | 'bad' | 'human';
}

function workflow() {
  const registry = createTestRegistry();
  @Instrumented({ registry })
  class IssueWorkflow {
    readonly ai = { name: 'claude' };
    release: (() => void) | undefined;

    @WorkflowRun({
      labels: { workflow_type: 'issue', provider: ({ instance }) => instance.ai.name, platform: 'github' },
      issueType: ({ args: [issue] }) => issue.type,
    })
    async run(issue: Issue): Promise<string> {
      await this.plan();
      await this.test(issue);
      await new Promise<void>((resolve) => {
        this.release = resolve;
      });
      if (issue.end === 'human')
        throw new EscalationError('unsure', { reason: 'low_confidence', severity: 'high' });
      return 'merged';
    }

    @WorkflowStep()
    async plan(): Promise<void> {}

    @WorkflowStep('testing')
    async test(issue: Issue): Promise<void> {
      if (issue.end === 'bad') throw new TypeError('2 of 48 failed');
    }
  }
  return { registry, IssueWorkflow };
}

test('@WorkflowRun records a run from start to end', async (t) => {
  const { registry, IssueWorkflow } = workflow();
  const one = new IssueWorkflow();
  const running = one.run({ type: 'bug', end: 'good' });
  t.deepEqual(await samples(registry, catalogue.activeAutonomousLoops), { issue: 1 });
  t.deepEqual(await samples(registry, catalogue.workflowsStarted), { 'issue claude github': 1 });
  while (one.release === undefined) await Promise.resolve();
  one.release();
  t.is(await running, 'merged');
  t.deepEqual(await samples(registry, catalogue.activeAutonomousLoops), { issue: 0 });
  t.deepEqual(await samples(registry, catalogue.workflowsCompleted), { 'issue claude github success': 1 });
  t.deepEqual(await samples(registry, catalogue.workflowCompletionDuration), { 'issue claude github': 1 });
  t.deepEqual(await samples(registry, catalogue.issuesProcessed), { 'claude github bug success': 1 });
  t.deepEqual(await samples(registry, catalogue.issueCompletionDuration), { 'claude github bug success': 1 });
  t.deepEqual(await samples(registry, catalogue.escalations), {});
  t.deepEqual(await samples(registry, catalogue.errors), {});
});

test('an escalation records its reason and severity; a failure counts in errors_total', async (t) => {
  const { registry, IssueWorkflow } = workflow();
  const one = new IssueWorkflow();
  const escalated = one.run({ type: 'bug', end: 'human' });
  while (one.release === undefined) await Promise.resolve();
  one.release();
  await t.throwsAsync(escalated, { message: 'unsure' });
  await t.throwsAsync(one.run({ type: 'feature', end: 'bad' }), { instanceOf: TypeError });
  t.deepEqual(await samples(registry, catalogue.workflowsCompleted), {
    'issue claude github escalation': 1,
    'issue claude github failure': 1,
  });
  t.deepEqual(await samples(registry, catalogue.escalations), { 'low_confidence high issue': 1 });
  t.deepEqual(await samples(registry, catalogue.errors), { 'TypeError high workflow': 1 });
  t.deepEqual(await samples(registry, catalogue.activeAutonomousLoops), { issue: 0 });
  t.deepEqual(await samples(registry, catalogue.issuesProcessed), {
    'claude github bug escalation': 1,
    'claude github feature failure': 1,
  });
});

test('@WorkflowStep takes its workflow type from the @WorkflowRun of its class, and its name from the method', async (t) => {
  const { registry, IssueWorkflow } = workflow();
  await t.throwsAsync(new IssueWorkflow().run({ type: 'bug', end: 'bad' }));
  t.deepEqual(await samples(registry, catalogue.workflowStepDuration), {
    'plan issue': 1,
    'testing issue': 1,
  });
  t.deepEqual(await samples(registry, catalogue.workflowStepErrors), { 'testing issue TypeError': 1 });
});

test('the default workflow type is the class name, for runs and for steps without a run', async (t) => {
  const registry = createTestRegistry();
  @Instrumented({ registry })
  class Nightly {
    @WorkflowRun()
    run(): number {
      return this.sweep();
    }
    @WorkflowStep({ labels: { step_name: ({ args }) => `sweep-${args.length}` } })
    sweep(): number {
      return 1;
    }
  }
  t.is(new Nightly().run(), 1);
  t.deepEqual(await samples(registry, catalogue.workflowsCompleted), { 'Nightly success': 1 });
  t.deepEqual(await samples(registry, catalogue.workflowStepDuration), { 'sweep-0 Nightly': 1 });
  t.deepEqual(
    await samples(registry, catalogue.issuesProcessed),
    {},
    'without an issue type there is no issue',
  );
});

test('@Instrumented sets the labels that a preset omits', async (t) => {
  const registry = createTestRegistry();
  @Instrumented({
    registry,
    labels: { workflow_type: 'nightly', platform: 'gitlab', provider: () => 'openai' },
  })
  class Nightly {
    @WorkflowRun()
    run(): void {
      this.sweep();
    }
    @WorkflowStep()
    sweep(): void {}
  }
  new Nightly().run();
  t.deepEqual(await samples(registry, catalogue.workflowsStarted), { 'nightly openai gitlab': 1 });
  t.deepEqual(await samples(registry, catalogue.workflowStepDuration), { 'sweep nightly': 1 });
});

test('a step takes the type of a run with a fixed one, and of nothing else', async (t) => {
  const registry = createTestRegistry();
  @Instrumented({ registry })
  class Nightly {
    @WorkflowStep({ labels: { workflow_type: 'other' } })
    prepare(): void {}
    @WorkflowStep()
    sweep(): void {}
  }
  @Instrumented({ registry })
  class Issues {
    @WorkflowRun({ labels: { workflow_type: ({ args: [type] }) => type } })
    any(_type: string): void {}
    @WorkflowRun({ labels: { workflow_type: 'issue' } })
    run(): void {}
    @WorkflowStep()
    plan(): void {}
  }
  new Nightly().sweep();
  new Issues().plan();
  t.deepEqual(await samples(registry, catalogue.workflowStepDuration), {
    'sweep Nightly': 1,
    'plan issue': 1,
  });
});

// ---- @ProviderRequest ---------------------------------------------------------------------------------------------

interface Ask {
  readonly model: string;
  readonly fail?: Error;
}

function provider() {
  const registry = createTestRegistry();
  class Claude {
    @ProviderRequest({
      registry,
      labels: { provider: 'claude', operation: 'ask' },
      usage: ({ result }) => result?.tokens,
      prices: { large: { input: 3, output: 15 } },
      rateLimit: ({ result, error }) =>
        error instanceof RangeError
          ? { limited: true, resetTime: Date.now() + 60_000 }
          : { remaining: result?.left ?? 0 },
      retry: ({ args: [, attempt] }) => ((attempt ?? 1) > 1 ? 'overload' : undefined),
    })
    async ask(
      { fail }: Ask,
      _attempt?: number,
    ): Promise<{ tokens: { input: number; output: number }; left: number }> {
      if (fail !== undefined) throw fail;
      return { tokens: { input: 1_000_000, output: 100_000 }, left: 7 };
    }
  }
  return { registry, claude: new Claude(), Claude };
}

test('@ProviderRequest records a request, its tokens and its cost', async (t) => {
  const { registry, claude } = provider();
  const asked = claude.ask({ model: 'large' });
  t.deepEqual(await samples(registry, catalogue.aiRequests), { 'claude large ask': 1 });
  await asked;
  t.deepEqual(await samples(registry, catalogue.aiRequestsInProgress), { claude: 0 });
  t.deepEqual(await samples(registry, catalogue.aiRequestsSuccessful), { 'claude large': 1 });
  t.deepEqual(await samples(registry, catalogue.aiRequestDuration), { 'claude large': 1 });
  t.deepEqual(await samples(registry, catalogue.aiTokens), {
    'claude large input': 1_000_000,
    'claude large output': 100_000,
  });
  t.deepEqual(await samples(registry, catalogue.aiCost), { 'claude large': 4.5 });
  t.deepEqual(await samples(registry, catalogue.aiUnpricedRequests), {});
  t.deepEqual(await samples(registry, catalogue.aiRateLimitRemaining), { 'claude large requests': 7 });
  t.deepEqual(await samples(registry, catalogue.aiTimeToFirstToken), {}, 'nothing was streamed');
});

test('a recorder that identifies requests by model does not end a request of a preset', async (t) => {
  const registry = createTestRegistry();
  let release: () => void = () => {};
  class Claude {
    @ProviderRequest({ registry, labels: { provider: 'claude' } })
    async ask(_request: { model: string }): Promise<void> {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
    }
  }
  const asked = new Claude().ask({ model: 'large' });
  new ProviderMetrics({ registry }).recordRequestComplete({ provider: 'claude', model: 'large' }, 1);
  t.deepEqual(await samples(registry, catalogue.aiRequestsInProgress), { claude: 1 });
  release();
  await asked;
  t.deepEqual(await samples(registry, catalogue.aiRequestsInProgress), { claude: 0 });
  t.deepEqual(await samples(registry, catalogue.aiRequestsSuccessful), { 'claude large': 2 });
});

test('@ProviderRequest records failures, rate limits, retries and models without a price', async (t) => {
  const { registry, claude } = provider();
  const fail = new RangeError('slow down');
  t.is(await t.throwsAsync(claude.ask({ model: 'large', fail })), fail);
  await claude.ask({ model: 'new' }, 2);
  t.deepEqual(await samples(registry, catalogue.aiRequestsFailed), { 'claude large RangeError': 1 });
  t.deepEqual(await samples(registry, catalogue.aiRateLimits), { claude: 1 });
  t.true(((await samples(registry, catalogue.aiRateLimitReset))['claude requests'] ?? 0) > 58);
  t.deepEqual(await samples(registry, catalogue.aiRetries), { 'claude new overload': 1 });
  t.deepEqual(await samples(registry, catalogue.aiUnpricedRequests), { 'claude new': 1 });
  t.deepEqual(await samples(registry, catalogue.aiCost), {});
});

test('default labels of @ProviderRequest are class, model of the first argument, and method', async (t) => {
  const registry = createTestRegistry();
  @Instrumented({ registry })
  class Oracle {
    @ProviderRequest()
    async ask(_request: { model: string }): Promise<string> {
      return 'yes';
    }
    @ProviderRequest()
    consult(): string {
      return 'no';
    }
  }
  await new Oracle().ask({ model: 'large' });
  new Oracle().consult();
  t.deepEqual(await samples(registry, catalogue.aiRequests), { 'Oracle large ask': 1, 'Oracle consult': 1 });
  t.deepEqual(
    await samples(registry, catalogue.aiUnpricedRequests),
    {},
    'without usage there is nothing to price',
  );
});

test('a stream of unknown shape has its first token at its first item', async (t) => {
  const registry = createTestRegistry();
  class Oracle {
    @ProviderRequest({ registry, labels: { provider: 'oracle' } })
    async *speak(_request: { model: string }): AsyncGenerator<string> {
      yield 'a';
      yield 'b';
    }
  }
  const words = new Oracle().speak({ model: 'large' });
  t.deepEqual(await samples(registry, catalogue.aiRequestsInProgress), { oracle: 1 });
  await words.next();
  t.deepEqual(await samples(registry, catalogue.aiTimeToFirstToken), { 'oracle large': 1 });
  t.deepEqual(await samples(registry, catalogue.aiRequestDuration), {});
  for await (const _ of words);
  t.deepEqual(await samples(registry, catalogue.aiTimeToFirstToken), { 'oracle large': 1 });
  t.deepEqual(await samples(registry, catalogue.aiRequestDuration), { 'oracle large': 1 });
  t.deepEqual(await samples(registry, catalogue.aiRequestsInProgress), { oracle: 0 });
});

test('the first token of a stream is recorded if a function of the call returns its usage', async (t) => {
  const registry = createTestRegistry();
  class Oracle {
    @ProviderRequest({ registry, labels: { provider: 'oracle', model: 'm' }, usage: () => ({ output: 2 }) })
    *speak(): Generator<string> {
      yield 'a';
      yield 'b';
    }
  }
  t.deepEqual([...new Oracle().speak()], ['a', 'b']);
  t.deepEqual(await samples(registry, catalogue.aiTimeToFirstToken), { 'oracle m': 1 });
  t.deepEqual(await samples(registry, catalogue.aiTokens), { 'oracle m output': 2 });
});

test('a reader of one’s own reads streams too', async (t) => {
  const registry = createTestRegistry();
  const usage = {
    ...anthropicUsage,
    follow: () => {
      let output = 0;
      return {
        item: (item: unknown) => {
          output += 1;
          return item === 'token';
        },
        facts: () => ({ usage: { output }, model: undefined, stop: undefined }),
      };
    },
  };
  class Oracle {
    @ProviderRequest({ registry, labels: { provider: 'oracle', model: 'm' }, usage })
    *speak(items: readonly string[]): Generator<string> {
      yield* items;
    }
  }
  const oracle = new Oracle();
  for (const _ of oracle.speak(['ping', 'end']));
  t.deepEqual(await samples(registry, catalogue.aiTimeToFirstToken), {});
  for (const _ of oracle.speak(['ping', 'token', 'token']));
  t.deepEqual(await samples(registry, catalogue.aiTimeToFirstToken), { 'oracle m': 1 });
  t.deepEqual(await samples(registry, catalogue.aiTokens), { 'oracle m output': 5 });
});

test('a request that does not name its model has the model of the reply', async (t) => {
  const registry = createTestRegistry();
  class Claude {
    @ProviderRequest({ registry, labels: { provider: 'claude' } })
    ask(_question: string, reply: unknown): unknown {
      return reply;
    }
  }
  const claude = new Claude();
  const usage = { input_tokens: 5 };
  claude.ask('why?', { type: 'message', model: 'answering', usage });
  claude.ask('why?', { type: 'message', usage });
  t.deepEqual(await samples(registry, catalogue.aiTokens), {
    'claude answering input': 5,
    'claude input': 5,
  });
});

test('usage without a number is no usage: there is nothing to price, and nothing to report', async (t) => {
  const registry = createTestRegistry();
  class Oracle {
    @ProviderRequest({
      registry,
      labels: { provider: 'oracle', model: 'm' },
      usage: () => ({ input: undefined, output: null }) as never,
      prices: { m: { input: 1, output: 1 } },
    })
    ask(): void {}
  }
  new Oracle().ask();
  t.deepEqual(await samples(registry, catalogue.aiTokens), {});
  t.deepEqual(await samples(registry, catalogue.aiCost), {});
  t.deepEqual(registry.warnings, []);
});

test('only an error with the status of a rate limit counts as one', async (t) => {
  const registry = createTestRegistry();
  class Claude {
    @ProviderRequest({ registry, labels: { provider: 'claude', model: 'm' } })
    ask(error: Error): void {
      throw error;
    }
  }
  const claude = new Claude();
  for (const status of [undefined, 500, 429])
    t.throws(() => claude.ask(Object.assign(new Error('no'), { status })));
  t.deepEqual(await samples(registry, catalogue.aiRequestsFailed), { 'claude m Error': 3 });
  t.deepEqual(await samples(registry, catalogue.aiRateLimits), { claude: 1 });
});

for (const tokens of [
  { input: Number.NaN, output: -1 },
  { input: '5', output: null },
  {},
  null,
  'none',
  12,
]) {
  test(`invalid usage ${JSON.stringify(tokens)} does not affect the call`, async (t) => {
    const registry = createTestRegistry();
    class Invalid {
      @ProviderRequest({
        registry,
        labels: { provider: 'invalid' },
        usage: ({ result }) => result as never,
        prices: { m: { input: 1, output: 1 } },
      })
      async ask(_request: { model: string }): Promise<unknown> {
        return tokens;
      }
    }
    t.is(await new Invalid().ask({ model: 'm' }), tokens);
    t.deepEqual(await samples(registry, catalogue.aiRequestsSuccessful), { 'invalid m': 1 });
    for (const count of Object.values(await samples(registry, catalogue.aiTokens))) t.true(count >= 0);
  });
}

test('an unknown token type is reported, and the others are counted', async (t) => {
  const registry = createTestRegistry();
  class Invalid {
    @ProviderRequest({
      registry,
      labels: { provider: 'invalid' },
      usage: () => ({ inputTokens: 5, output: 1 }) as never,
    })
    async ask(_request: { model: string }): Promise<void> {}
  }
  await new Invalid().ask({ model: 'm' });
  t.deepEqual(await samples(registry, catalogue.aiTokens), { 'invalid m output': 1 });
  t.is(
    readValue(registry, catalogue.metricsRecordingErrors, { metric: 'ai_tokens_total', reason: 'value' }),
    1,
  );
  t.true(registry.warnings[0]?.message.includes('Unknown type of tokens `inputTokens`'));
});

// ---- @PlatformRequest ---------------------------------------------------------------------------------------------

class PlatformError extends Error {
  constructor(
    readonly status: number,
    readonly response: { readonly headers: Record<string, string> } = { headers: {} },
  ) {
    super(`status ${status}`);
  }
}

function platform() {
  const registry = createTestRegistry();
  @Instrumented({ registry, labels: { platform: 'github' } })
  class GitHub {
    @PlatformRequest({
      labels: { method: 'POST', repository: ({ args: [repository] }) => repository },
      effect: 'issue_created',
    })
    async openIssue(_repository: string): Promise<{ status: number; headers: Record<string, string> }> {
      return { status: 201, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-resource': 'core' } };
    }
    @PlatformRequest({
      labels: { method: 'POST', repository: ({ args: [repository] }) => repository },
      effect: 'pr_created',
    })
    async openPullRequest(_repository: string): Promise<number> {
      return 12;
    }
    @PlatformRequest({
      labels: { method: 'PUT', repository: ({ args: [repository] }) => repository },
      effect: 'pr_merged',
      status: () => 200,
      lifetime: ({ args: [, createdAt] }) => ({ createdAt }),
    })
    async merge(_repository: string, _createdAt: Date, fail?: Error): Promise<void> {
      if (fail !== undefined) throw fail;
    }
    @PlatformRequest({ labels: { method: ({ args: [method] }) => method, service: 'github-graphql' } })
    async call(_method: string, fail: unknown): Promise<void> {
      throw fail;
    }
  }
  return { registry, github: new GitHub(), GitHub };
}

test.serial('@PlatformRequest records a request and its effects', async (t) => {
  freezeDate(t);
  const { registry, github } = platform();
  await github.openIssue('acme/app');
  t.is(await github.openPullRequest('acme/app'), 12);
  await github.merge('acme/app', new Date(Date.now() - 7_200_000));
  t.deepEqual(await samples(registry, catalogue.apiRequests), {
    'github github POST 201': 1,
    'github github POST unknown': 1,
    'github github PUT 200': 1,
  });
  t.deepEqual(await samples(registry, catalogue.apiRequestDuration), {
    'github github POST': 2,
    'github github PUT': 1,
  });
  t.deepEqual(await samples(registry, catalogue.issuesCreated), { 'github acme/app': 1 });
  t.deepEqual(await samples(registry, catalogue.prsCreated), { 'github acme/app': 1 });
  t.deepEqual(await samples(registry, catalogue.prsMerged), { 'github acme/app': 1 });
  const lifetime = readHistogram(registry, catalogue.prLifetime, {
    platform: 'github',
    repository: 'acme/app',
  });
  t.like(lifetime, { count: 1, sum: 2 });
  t.deepEqual(await samples(registry, catalogue.platformRateLimitRemaining), { 'github core': 0 });
});

test.serial('a failed request has no effects and is counted by status, code or error class', async (t) => {
  freezeDate(t);
  const { registry, github } = platform();
  const failures = [
    new PlatformError(502),
    Object.assign(new TypeError('fetch failed'), {
      cause: Object.assign(new Error('no'), { code: 'ECONNRESET' }),
    }),
    new RangeError('invalid'),
    new PlatformError(429, { headers: { 'retry-after': '30' } }),
    new DOMException('late', 'TimeoutError'),
    'text',
  ];
  for (const fail of failures) await t.throwsAsync(github.call('get', fail), { any: true });
  t.deepEqual(await samples(registry, catalogue.apiRequests), {
    'github-graphql github GET 502': 1,
    'github-graphql github GET ECONNRESET': 1,
    'github-graphql github GET RangeError': 1,
    'github-graphql github GET 429': 1,
    'github-graphql github GET timeout': 1,
    'github-graphql github GET string': 1,
  });
  t.deepEqual(await samples(registry, catalogue.platformRateLimits), { github: 1 });
  t.deepEqual(await samples(registry, catalogue.platformRateLimitReset), { 'github requests': 30 });
  await t.throwsAsync(github.merge('acme/app', new Date(), new Error('conflict')));
  t.deepEqual(await samples(registry, catalogue.prsMerged), {});
});

test('a report of the option `rateLimit` counts as limited only if it says so', async (t) => {
  const registry = createTestRegistry();
  class GitHub {
    @PlatformRequest({
      registry,
      labels: { platform: 'github' },
      rateLimit: ({ args: [report] }) => report,
    })
    call(_report: { remaining?: number; limited?: boolean } | undefined): { status: number } {
      return { status: 200 };
    }
  }
  const github = new GitHub();
  for (const report of [{ remaining: 3 }, undefined, { limited: false }, { limited: true }])
    github.call(report);
  t.deepEqual(await samples(registry, catalogue.platformRateLimitRemaining), { 'github requests': 3 });
  t.deepEqual(await samples(registry, catalogue.platformRateLimits), { github: 1 });
});

test('a request without an effect changes neither issues nor pull requests, and its platform is its class', async (t) => {
  const registry = createTestRegistry();
  class GitHub {
    @PlatformRequest({ registry })
    call(): { status: number; headers: Record<string, string> } {
      return { status: 200, headers: { 'x-ratelimit-remaining': '5' } };
    }
  }
  new GitHub().call();
  t.deepEqual(await samples(registry, catalogue.apiRequests), { 'GitHub GitHub other 200': 1 });
  for (const metric of [
    catalogue.issuesCreated,
    catalogue.prsCreated,
    catalogue.prsMerged,
    catalogue.prLifetime,
  ])
    t.deepEqual(await samples(registry, metric), {});
  t.deepEqual(await samples(registry, catalogue.platformRateLimitRemaining), { 'GitHub requests': 5 });
  t.deepEqual(await samples(registry, catalogue.platformRateLimits), {});
  t.deepEqual(registry.warnings, []);
});

test.serial('a request that sends nothing by an instrumented fetch is recorded by its preset', async (t) => {
  const registry = createTestRegistry();
  const outbound = instrumentFetch({ registry });
  t.teardown(() => outbound.stop());
  class Cached {
    @PlatformRequest({ registry, labels: { platform: 'github' } })
    repository(): { status: number } {
      return { status: 304 };
    }
    @ProviderRequest({
      registry,
      labels: { provider: 'claude', model: 'm' },
      rateLimit: () => ({ remaining: 7 }),
    })
    ask(): void {}
  }
  new Cached().repository();
  new Cached().ask();
  t.deepEqual(await samples(registry, catalogue.apiRequests), { 'github github other 304': 1 });
  t.deepEqual(await samples(registry, catalogue.aiRateLimitRemaining), { 'claude m requests': 7 });
});

// ---- all presets --------------------------------------------------------------------------------------------------

test('getInstrumentation lists every metric of a preset, with its fixed labels', (t) => {
  const { IssueWorkflow } = workflow();
  const run = getInstrumentation(IssueWorkflow).find(({ method }) => method === 'run');
  t.deepEqual(
    run?.metrics.map(({ decorator, definition }) => `${decorator} ${definition.name}`),
    [
      'WorkflowRun workflows_started_total',
      'WorkflowRun active_autonomous_loops',
      'WorkflowRun workflows_completed_total',
      'WorkflowRun workflow_completion_duration_seconds',
      'WorkflowRun escalations_total',
      'WorkflowRun errors_total',
      'WorkflowRun issues_processed_total',
      'WorkflowRun issue_completion_duration_seconds',
    ],
  );
  t.deepEqual(run?.metrics[0]?.staticLabels, { workflow_type: 'issue', platform: 'github' });
});

test('getInstrumentation lists metrics of issues and pull requests only for presets that record them', (t) => {
  const { GitHub } = platform();
  class Nightly {
    @WorkflowRun()
    run(): void {}
  }
  const namesOf = (target: new () => object, name: string) =>
    getInstrumentation(target)
      .filter(({ method }) => method === name)
      .flatMap(({ metrics }) => metrics.map(({ definition }) => definition.name))
      .filter((metric) => /^(issues?|prs?)_/.test(metric));
  t.deepEqual(namesOf(GitHub, 'openIssue'), ['issues_created_total']);
  t.deepEqual(namesOf(GitHub, 'openPullRequest'), ['prs_created_total']);
  t.deepEqual(namesOf(GitHub, 'merge'), ['prs_merged_total', 'pr_lifetime_hours']);
  t.deepEqual(namesOf(GitHub, 'call'), []);
  t.deepEqual(namesOf(Nightly, 'run'), []);
});

test('a failing or invalid label is absent; the event is recorded and the failure counted', async (t) => {
  const registry = createTestRegistry();
  class Invalid {
    @ProviderRequest({
      registry,
      labels: {
        provider: () => {
          throw new Error('no name');
        },
        model: () => ({}) as string,
        operation: () => 5,
      },
      usage: () => {
        throw new Error('no usage');
      },
    })
    ask(): string {
      return 'yes';
    }
  }
  t.is(new Invalid().ask(), 'yes');
  t.deepEqual(await samples(registry, catalogue.aiRequests), { 5: 1 });
  t.is(
    readValue(registry, catalogue.metricsRecordingErrors, { metric: 'ai_requests_total', reason: 'label' }),
    2,
  );
  t.is(
    readValue(registry, catalogue.metricsRecordingErrors, { metric: 'ai_requests_total', reason: 'value' }),
    1,
  );
});

test('a preset counts ignored errors as successes', async (t) => {
  const registry = createTestRegistry();
  class Quiet {
    @WorkflowRun({ registry, ignore: [RangeError] })
    run(error: Error): void {
      throw error;
    }
  }
  t.throws(() => new Quiet().run(new RangeError('expected')));
  t.throws(() => new Quiet().run(new Error('not expected')));
  t.deepEqual(await samples(registry, catalogue.workflowsCompleted), {
    'Quiet success': 1,
    'Quiet failure': 1,
  });
});

test('presets work on plain functions and together with other decorators', async (t) => {
  const registry = createTestRegistry();
  const plan = instrument(
    async (issue: { type: string }) => issue.type,
    WorkflowStep('plan', { registry, labels: { workflow_type: ({ args: [issue] }) => issue.type } }),
    ProviderRequest({ registry, labels: { provider: 'claude', model: 'large', operation: 'plan' } }),
  );
  t.is(await plan({ type: 'bug' }), 'bug');
  t.deepEqual(await samples(registry, catalogue.workflowStepDuration), { 'plan bug': 1 });
  t.deepEqual(await samples(registry, catalogue.aiRequestsSuccessful), { 'claude large': 1 });
});

const refused: readonly (readonly [() => unknown, string])[] = [
  [
    () => WorkflowRun({ labels: { workflowtype: 'x' } } as never),
    'Invalid `labels` of @WorkflowRun: expected some of workflow_type, provider, platform, received an unknown label `workflowtype`. Did you mean `workflow_type`?',
  ],
  [
    () => WorkflowRun({ issuetype: 'x' } as never),
    'Unknown option `issuetype` of @WorkflowRun: expected some of labels, registry, ignore, handlesRejections, exemplar, issueType. Did you mean `issueType`?',
  ],
  [
    () => WorkflowRun({ issueType: 'bug' } as never),
    'Invalid `issueType` of @WorkflowRun: expected a function of the call, received "bug".',
  ],
  [
    () => WorkflowStep({ labels: 'plan' } as never),
    'Invalid `labels` of @WorkflowStep: expected an object with a source per label, received "plan".',
  ],
  [
    () => WorkflowStep({ labels: null } as never),
    'Invalid `labels` of @WorkflowStep: expected an object with a source per label, received null.',
  ],
  [
    () => WorkflowRun({ ignore: RangeError } as never),
    'Invalid `ignore` of @WorkflowRun: expected a list of error classes such as [RateLimitError], received function RangeError.',
  ],
  [
    () => ProviderRequest({ usage: 'anthropic' } as never),
    'Invalid `usage` of @ProviderRequest: expected anthropicUsage, openaiUsage or a function of the call, received "anthropic".',
  ],
  [
    () => ProviderRequest({ prices: { m: { input: 1, output: Number.NaN } } }),
    'Invalid price `output` of model `m` in `prices` of @ProviderRequest: expected US dollars for a million tokens, 0 or more, received NaN.',
  ],
  [
    () => PlatformRequest({ effect: 'pr_closed' } as never),
    'Invalid `effect` of @PlatformRequest: expected one of issue_created, pr_created, pr_merged, received "pr_closed".',
  ],
  [
    () => PlatformRequest(null as never),
    'Invalid options of @PlatformRequest: expected { labels?, registry?, ignore?, handlesRejections?, exemplar?, status?, rateLimit?, effect?, lifetime? }, received null.',
  ],
];
for (const [make, message] of refused) {
  test(`rejected: ${message}`, (t) => {
    t.throws(make, { code: 'ERR_METRICS_INVALID_OPTION', message });
  });
}

test('a reader of usage without one of its functions is refused', (t) => {
  const whole = { read: anthropicUsage.read, follow: anthropicUsage.follow };
  t.notThrows(() => ProviderRequest({ usage: whole } as never));
  for (const missing of ['read', 'follow'] as const)
    t.throws(() => ProviderRequest({ usage: { ...whole, [missing]: undefined } } as never), {
      code: 'ERR_METRICS_INVALID_OPTION',
      message: /^Invalid `usage` of @ProviderRequest/,
    });
});

test('a preset without parentheses is an error that suggests the parentheses', (t) => {
  t.throws(() => (ProviderRequest as unknown as (method: unknown) => void)(function ask() {}), {
    code: 'ERR_METRICS_INVALID_DECORATION',
    message:
      '@ProviderRequest is on `ask` without parentheses: expected `@ProviderRequest()`, received what it decorates as its first argument.',
  });
});
