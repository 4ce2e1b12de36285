/**
 * Pushes a registry to a Prometheus Pushgateway, for batch jobs and for processes that Prometheus cannot reach. Nothing is
 * queued: every push sends the current numbers, so a gateway that is down costs neither memory nor time.
 */
import { metricsPushFailures, metricsPushSuccessTimestamp } from '../catalogue/self.js';
import { type Clock, systemClock, type Timer } from '../clock.js';
import { containedAmounts, containedCounter } from '../contained.js';
import { withinDeadline } from '../deadline.js';
import { scrapeChunks } from '../exposition/scrape.js';
import { backoffSeconds } from './backoff.js';
import { maxSeconds, type PushOptions, pushSettings } from './push-options.js';
import { askGateway, type GatewayFailure, type GatewayRequest } from './push-request.js';

/** Options of {@link MetricsPush.stop}. */
export interface PushStopOptions {
  /** Maximum duration in seconds, including the final push; 0 for no final push. Default: 5. */
  readonly deadlineSeconds?: number;
}

/** A periodic push; made by {@link startPush}. */
export interface MetricsPush {
  /** The gateway, as the value of the label `target`: scheme, host and path. */
  readonly target: string;
  /**
   * Pushes the current numbers, after a push in progress; calls meanwhile share one push. Never rejects.
   * @returns whether the gateway accepted the push
   */
  pushNow(): Promise<boolean>;
  /**
   * Deletes the group from the gateway, after a push in progress. The next push would make it again, so call `stop` before. Never
   * rejects.
   * @returns whether the gateway accepted the request
   */
  delete(): Promise<boolean>;
  /**
   * Ends the periodic push with a final push, before the deadline. Further calls return the promise of the first. Never rejects.
   * @returns whether the gateway accepted the final push
   */
  stop(options?: PushStopOptions): Promise<boolean>;
}

/**
 * Pushes all metrics of a registry to a Pushgateway, at each interval; the first push is after one interval. Failures are counted
 * in `metrics_push_failures_total`, reported once per reason, and retried after a time that grows with consecutive failures, up to
 * `maxBackoffSeconds`. Timers do not keep the process alive.
 * @param clock for tests
 * @throws ERR_METRICS_INVALID_OPTION
 * @example
 * const push = startPush({ url: 'http://localhost:9091', job: 'nightly-import', grouping: {} });
 * await runImport(); // the numbers are pushed when the event loop is empty
 * @see https://prometheus.io/docs/practices/pushing/
 */
export function startPush(options: PushOptions, clock: Clock = systemClock): MetricsPush {
  const settings = pushSettings(options);
  const { target, method, gzip, format, registry, constantLabels } = settings;
  const { intervalSeconds, maxBackoffSeconds } = settings;
  const timeoutMilliseconds = settings.timeoutSeconds * 1_000;
  const countFailure = containedCounter(registry, metricsPushFailures);
  const setSuccess = containedAmounts(registry, metricsPushSuccessTimestamp);
  /** Consecutive failures. */
  let failures = 0;
  let timer: Timer | undefined;
  /** The last of the requests in progress or waiting, and their number. */
  let last: Promise<unknown> = Promise.resolve();
  let outstanding = 0;
  /** A push that has not started. */
  let waiting: Promise<boolean> | undefined;
  let stopping: Promise<boolean> | undefined;
  /** Aborts the requests that the final push does not wait for. */
  const waits = new AbortController();

  const failed = (what: string, { reason, message, cause }: GatewayFailure, consequence = ''): void => {
    countFailure({ target: target.name });
    registry.warnOnce(`push ${what} ${target.name} ${reason}`, () => ({
      code: 'METRICS_PUSH_FAILED',
      message: `${what} \`${target.name}\` failed: ${message}.${consequence} Further failures for this reason are counted in \`${metricsPushFailures.name}\` only.`,
      cause,
    }));
  };
  const push = async (asked: Pick<GatewayRequest, 'timeoutMilliseconds' | 'signal'>): Promise<boolean> => {
    const failure = await askGateway({
      ...asked,
      clock,
      target,
      method,
      gzip,
      contentType: format.contentType,
      // Metrics that do not settle are left out, so that there is time to send the others.
      body: () =>
        scrapeChunks(registry, {
          format,
          constantLabels,
          deadlineSeconds: asked.timeoutMilliseconds / 2_000,
        }),
    });
    if (failure === undefined) {
      if (failures > 0 && stopping === undefined) schedule(intervalSeconds);
      failures = 0;
      setSuccess({ target: target.name }, clock.timestamp() / 1_000);
      return true;
    }
    // Aborted for the final push, which includes its numbers.
    if (asked.signal?.aborted === true) return false;
    failures += 1;
    failed('A push to', failure, ' Nothing is queued; the next push sends the current values.');
    if (stopping === undefined) schedule(backoffSeconds(failures, intervalSeconds, maxBackoffSeconds));
    return false;
  };
  /** One request at a time. */
  const inTurn = (work: () => Promise<boolean>): Promise<boolean> => {
    outstanding += 1;
    const result = last.then(work).finally(() => {
      outstanding -= 1;
    });
    last = result;
    return result;
  };
  const pushInTurn = (): Promise<boolean> => {
    waiting ??= inTurn(async () => {
      waiting = undefined;
      return stopping === undefined ? push({ timeoutMilliseconds, signal: waits.signal }) : false;
    });
    return waiting;
  };
  const schedule = (seconds: number): void => {
    clock.clearTimeout(timer);
    timer = clock.setTimeout(tick, seconds * 1_000);
    timer.unref();
  };
  const tick = (): void => {
    schedule(intervalSeconds);
    // A request in progress has recent numbers.
    if (outstanding === 0) void pushInTurn();
  };
  const end = async (deadlineSeconds: number): Promise<boolean> => {
    clock.clearTimeout(timer);
    process.off('beforeExit', onBeforeExit);
    const endsAt = clock.now() + deadlineSeconds * 1_000;
    // A push in progress may use half of the time.
    await withinDeadline(last, (deadlineSeconds * 1_000) / 2, clock);
    waits.abort();
    const left = Math.min(timeoutMilliseconds, endsAt - clock.now());
    return left > 0 ? push({ timeoutMilliseconds: left }) : false;
  };
  const onBeforeExit = (): void => void pushInTurn();

  // Exposed from the start, so that the first failure is an increase.
  countFailure({ target: target.name }, 0);
  if (settings.pushOnBeforeExit) process.once('beforeExit', onBeforeExit);
  schedule(intervalSeconds);

  return {
    target: target.name,
    pushNow: pushInTurn,
    async delete() {
      await stopping;
      return inTurn(async () => {
        const failure = await askGateway({ target, method: 'DELETE', timeoutMilliseconds, clock });
        if (failure !== undefined) failed('Deleting the group at', failure);
        return failure === undefined;
      });
    },
    stop({ deadlineSeconds = 5 } = {}) {
      // Invalid seconds must not make a shutdown fail.
      stopping ??= end(Math.min(maxSeconds, Math.max(0, Number(deadlineSeconds) || 0)));
      return stopping;
    },
  };
}
