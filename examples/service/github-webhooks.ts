/** `POST /webhooks/github`: verifies and counts the webhooks of GitHub, and starts the work on issues. */
import Router from '@koa/router';
import { Webhooks } from '@octokit/webhooks';
import { catalogue } from '@tamma/observability';
import { Counted } from '@tamma/observability/decorators';
import { delivered, handled, parsed, platformMetrics, Refusal } from './delivery.js';
import type { Issue } from './issue-workflow.js';

/** The part of a payload that is read. */
interface Payload {
  readonly action?: string;
  readonly repository?: { readonly full_name?: string };
  readonly issue?: { readonly title?: string; readonly labels?: readonly { readonly name: string }[] };
  readonly pull_request?: {
    readonly merged?: boolean;
    readonly created_at?: string;
    readonly merged_at?: string | null;
  };
}

export class GitHubWebhooks {
  readonly #webhooks: Webhooks;
  readonly #takeIssue: (issue: Issue) => void;

  /** @param takeIssue starts the work on an issue; throws QueueFullError if the queue is full */
  constructor(secret: string, takeIssue: (issue: Issue) => void) {
    this.#webhooks = new Webhooks({ secret });
    this.#takeIssue = takeIssue;
  }

  router(): Router {
    const router = new Router();
    router.post('/webhooks/github', (ctx) =>
      delivered(ctx, async (body) => {
        await this.verify(body, ctx.get('x-hub-signature-256'));
        const event = ctx.get('x-github-event');
        if (event === '') throw new Refusal(400, 'missing X-GitHub-Event');
        const payload = parsed(body);
        handled('github', event, () => this.#handle(event, payload));
      }),
    );
    return router;
  }

  // Not a preset, but a decorator on a metric of the catalogue.
  @Counted(catalogue.errors, {
    when: 'failure',
    labels: { error_type: 'webhook_signature', severity: 'medium', component: 'webhooks' },
  })
  private async verify(body: string, signature: string): Promise<void> {
    if (signature === '') throw new Refusal(401, 'missing X-Hub-Signature-256');
    const genuine = await this.#webhooks.verify(body, signature).catch(() => false);
    if (!genuine) throw new Refusal(401, 'the signature does not match the body');
  }

  #handle(event: string, { action, repository, issue, pull_request }: Payload): void {
    const name = repository?.full_name ?? 'none';
    const pr = { repository: name, createdAt: pull_request?.created_at, mergedAt: pull_request?.merged_at };
    if (event === 'issues' && action === 'opened')
      platformMetrics.recordIssueCreated('github', { ...issue, repository: name });
    if (event === 'pull_request' && action === 'opened') platformMetrics.recordPRCreated('github', pr);
    if (event === 'pull_request' && action === 'closed' && pull_request?.merged === true)
      platformMetrics.recordPRMerged('github', pr);
    // A merge queue would wait for checks that this service does not run. GitHub shows the failed delivery.
    if (event === 'merge_group') throw new Refusal(422, 'merge queues are not supported');
    if (startsWork(event, action) && issue !== undefined) {
      this.#takeIssue({
        repository: name,
        title: issue.title ?? '',
        type: issue.labels?.[0]?.name ?? 'unlabelled',
      });
    }
  }
}

function startsWork(event: string, action: string | undefined): boolean {
  return (
    (event === 'issues' && (action === 'opened' || action === 'reopened' || action === 'labeled')) ||
    (event === 'issue_comment' && action === 'created')
  );
}
