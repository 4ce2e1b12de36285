/** The handling of a webhook, shared by the endpoints of all platforms. */
import { PlatformMetrics } from '@tamma/observability';
import type { Context } from 'koa';
import rawBody from 'raw-body';
import { QueueFullError } from './work-queue.js';

/** A response to the platform other than 202. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const bodyLimit = 1024 * 1024;

/** A recorder instead of a decorator, since one endpoint reports many events. */
export const platformMetrics = new PlatformMetrics();

/** Responds to a webhook with 202, or with the `Refusal` that `accept` throws. */
export async function delivered(ctx: Context, accept: (body: string) => Promise<void>): Promise<void> {
  try {
    const length = ctx.get('content-length') || null;
    await accept(await rawBody(ctx.req, { limit: bodyLimit, length, encoding: 'utf8' }));
    ctx.status = 202;
    ctx.body = { accepted: true };
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    ctx.status = refusal.status;
    ctx.body = { error: refusal.message };
    // The rest of the body is not read, so the connection cannot be reused.
    if (refusal.status === 413) ctx.set('Connection', 'close');
  }
}

/** Handles a verified event, and counts it. */
export function handled(platform: string, eventType: string, handle: () => void): void {
  platformMetrics.recordWebhookReceived(platform, eventType);
  try {
    handle();
    platformMetrics.recordWebhookProcessed(platform, eventType, true);
  } catch (error) {
    platformMetrics.recordWebhookProcessed(platform, eventType, false);
    throw error;
  }
}

export function parsed(body: string): Readonly<Record<string, unknown>> {
  let payload: unknown;
  try {
    payload = JSON.parse(body);
  } catch {
    throw new Refusal(400, 'the body is not JSON');
  }
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
    throw new Refusal(400, 'the body is not a JSON object');
  return payload as Record<string, unknown>;
}

function refusalOf(error: unknown): { readonly status: number; readonly message: string } | undefined {
  if (error instanceof Refusal) return error;
  if (error instanceof Error && 'type' in error && error.type === 'entity.too.large')
    return { status: 413, message: `the body is larger than ${bodyLimit} bytes` };
  if (error instanceof QueueFullError) return { status: 503, message: error.message };
  return undefined;
}
