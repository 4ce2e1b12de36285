/** One webhook from its arrival to its end: what the endpoints of all platforms have in common. */
import { PlatformMetrics } from '@tamma/observability';
import type { Context } from 'koa';
import rawBody from 'raw-body';
import { QueueFullError } from './work-queue.js';

/** An answer that the platform is to get instead of 202. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const bodyLimit = 1024 * 1024;

/** Recorders, where an annotation would only get in the way: one endpoint tells of many things. */
export const platformMetrics = new PlatformMetrics();

/** Answers a webhook with 202, or with what `take` refuses it with. */
export async function delivered(ctx: Context, take: (body: string) => Promise<void>): Promise<void> {
  try {
    const length = ctx.get('content-length') || null;
    await take(await rawBody(ctx.req, { limit: bodyLimit, length, encoding: 'utf8' }));
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
}

/** Handles an event that has been found genuine, and counts it. */
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
    throw new Refusal(400, 'the body is no JSON');
  }
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
    throw new Refusal(400, 'the body is no JSON object');
  return payload as Record<string, unknown>;
}

function refusalOf(error: unknown): { readonly status: number; readonly message: string } | undefined {
  if (error instanceof Refusal) return error;
  if (error instanceof Error && 'type' in error && error.type === 'entity.too.large')
    return { status: 413, message: `the body is larger than ${bodyLimit} bytes` };
  if (error instanceof QueueFullError) return { status: 503, message: error.message };
  return undefined;
}
