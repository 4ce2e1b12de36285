/** `POST /webhooks/github`: what GitHub tells us, verified, counted and handed on. */
import Router from '@koa/router';
import { Webhooks } from '@octokit/webhooks';
import { catalogue } from '@tamma/observability';
import { Counted } from '@tamma/observability/decorators';
import rawBody from 'raw-body';
import type { Issue } from './issue-workflow.js';
import { QueueFullError } from './work-queue.js';

/** What is read of a webhook's payload. */
interface Payload {
  readonly action?: string;
  readonly repository?: { readonly full_name?: string };
  readonly issue?: { readonly title?: string; readonly labels?: readonly { readonly name: string }[] };
}

export interface WebhookEvent {
  readonly name: string;
  readonly payload: Payload;
}

/** An answer that GitHub is to get instead of 202. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

class UnsupportedEventError extends Error {}

const bodyLimit = 1024 * 1024;

export class GitHubWebhooks {
  readonly #webhooks: Webhooks;
  readonly #takeIssue: (issue: Issue) => void;

  /** @param takeIssue starts the work on an issue; throws QueueFullError where there is no room for it */
  constructor(secret: string, takeIssue: (issue: Issue) => void) {
    this.#webhooks = new Webhooks({ secret });
    this.#takeIssue = takeIssue;
  }

  router(): Router {
    const router = new Router();
    router.post('/webhooks/github', async (ctx) => {
      try {
        const body = await rawBody(ctx.req, {
          limit: bodyLimit,
          length: ctx.get('content-length') || null,
          encoding: 'utf8',
        });
        await this.verify(body, ctx.get('x-hub-signature-256'));
        this.handle({ name: eventName(ctx.get('x-github-event')), payload: parsed(body) });
        ctx.status = 202;
        ctx.body = { accepted: true };
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal === undefined) throw error;
        ctx.status = refusal.status;
        ctx.body = { error: refusal.message };
        // The rest of a body that is too large is not read: the connection cannot be used again.
        if (refusal.status === 413) ctx.set('Connection', 'close');
      }
    });
    return router;
  }

  @Counted(catalogue.errors, {
    when: 'failure',
    labels: { error_type: 'webhook_signature', severity: 'medium', component: 'webhooks' },
  })
  private async verify(body: string, signature: string): Promise<void> {
    if (signature === '') throw new Refusal(401, 'missing X-Hub-Signature-256');
    const genuine = await this.#webhooks.verify(body, signature).catch(() => false);
    if (!genuine) throw new Refusal(401, 'the signature does not fit the body');
  }

  @Counted(catalogue.webhooksReceived, {
    when: 'called',
    labels: { platform: 'github', event_type: ({ args: [event] }) => event.name },
  })
  @Counted(catalogue.webhooksProcessed, {
    labels: {
      platform: 'github',
      event_type: ({ args: [event] }) => event.name,
      outcome: (call) => (call.outcome === 'success' ? 'success' : 'failure'),
    },
  })
  private handle({ name, payload }: WebhookEvent): void {
    const { action, repository } = payload;
    const full_name = repository?.full_name ?? 'none';
    if (name === 'issues' && action === 'opened') this.issueOpened(full_name);
    if (name === 'pull_request' && action === 'opened') this.pullRequestOpened(full_name);
    // A merge queue waits for checks that this service cannot make: GitHub shows the failed delivery to its people.
    if (name === 'merge_group') throw new UnsupportedEventError('merge queues are not supported');
    if (startsWork(name, action) && payload.issue !== undefined) {
      this.#takeIssue({
        repository: full_name,
        title: payload.issue.title ?? '',
        type: payload.issue.labels?.[0]?.name ?? 'unlabelled',
      });
    }
  }

  @Counted(catalogue.issuesCreated, {
    labels: { platform: 'github', repository: ({ args: [repository] }) => repository },
  })
  private issueOpened(_repository: string): void {}

  @Counted(catalogue.prsCreated, {
    labels: { platform: 'github', repository: ({ args: [repository] }) => repository },
  })
  private pullRequestOpened(_repository: string): void {}
}

function startsWork(name: string, action: string | undefined): boolean {
  return (
    (name === 'issues' && (action === 'opened' || action === 'reopened' || action === 'labeled')) ||
    (name === 'issue_comment' && action === 'created')
  );
}

function eventName(header: string): string {
  if (header === '') throw new Refusal(400, 'missing X-GitHub-Event');
  return header;
}

function parsed(body: string): Payload {
  let payload: unknown;
  try {
    payload = JSON.parse(body);
  } catch {
    throw new Refusal(400, 'the body is no JSON');
  }
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
    throw new Refusal(400, 'the body is no JSON object');
  return payload;
}

function refusalOf(error: unknown): { readonly status: number; readonly message: string } | undefined {
  if (error instanceof Refusal) return error;
  if (error instanceof Error && 'type' in error && error.type === 'entity.too.large')
    return { status: 413, message: `the body is larger than ${bodyLimit} bytes` };
  if (error instanceof UnsupportedEventError) return { status: 422, message: error.message };
  if (error instanceof QueueFullError) return { status: 503, message: error.message };
  return undefined;
}
