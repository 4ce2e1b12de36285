/** `POST /webhooks/gitlab`: the same for GitLab, whose webhooks have a token instead of a signature. */
import { timingSafeEqual } from 'node:crypto';
import Router from '@koa/router';
import { catalogue } from '@tamma/observability';
import { Counted } from '@tamma/observability/decorators';
import { delivered, handled, parsed, platformMetrics, Refusal } from './delivery.js';
import type { Issue } from './issue-workflow.js';

/** The part of a payload that is read. @see https://docs.gitlab.com/user/project/integrations/webhook_events/ */
interface Payload {
  readonly object_kind?: string;
  readonly project?: { readonly path_with_namespace?: string };
  readonly object_attributes?: {
    readonly action?: string;
    readonly title?: string;
    readonly created_at?: string;
    readonly updated_at?: string;
  };
  readonly labels?: readonly { readonly title: string }[];
}

export class GitLabWebhooks {
  readonly #token: Buffer;
  readonly #takeIssue: (issue: Issue) => void;

  /** @param takeIssue starts the work on an issue; throws QueueFullError if the queue is full */
  constructor(token: string, takeIssue: (issue: Issue) => void) {
    this.#token = Buffer.from(token);
    this.#takeIssue = takeIssue;
  }

  router(): Router {
    const router = new Router();
    router.post('/webhooks/gitlab', (ctx) =>
      delivered(ctx, async (body) => {
        this.verify(ctx.get('x-gitlab-token'));
        const payload: Payload = parsed(body);
        // Such as `issue`, `merge_request` or `note`.
        const event = payload.object_kind;
        if (typeof event !== 'string') throw new Refusal(400, 'missing object_kind');
        handled('gitlab', event, () => this.#handle(event, payload));
      }),
    );
    return router;
  }

  @Counted(catalogue.errors, {
    when: 'failure',
    labels: { error_type: 'webhook_signature', severity: 'medium', component: 'webhooks' },
  })
  private verify(token: string): void {
    const given = Buffer.from(token);
    if (given.length !== this.#token.length || !timingSafeEqual(given, this.#token))
      throw new Refusal(401, 'the token is invalid');
  }

  #handle(event: string, { project, object_attributes: about = {}, labels }: Payload): void {
    const name = project?.path_with_namespace ?? 'none';
    const pr = { repository: name, createdAt: about.created_at, mergedAt: about.updated_at };
    if (event === 'merge_request' && about.action === 'open') platformMetrics.recordPRCreated('gitlab', pr);
    if (event === 'merge_request' && about.action === 'merge') platformMetrics.recordPRMerged('gitlab', pr);
    if (event !== 'issue' || about.action !== 'open') return;
    platformMetrics.recordIssueCreated('gitlab', { repository: name });
    this.#takeIssue({ repository: name, title: about.title ?? '', type: labels?.[0]?.title ?? 'unlabelled' });
  }
}
