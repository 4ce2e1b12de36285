/**
 * Pushes a registry to a Prometheus Pushgateway, for batch jobs and for what no Prometheus can reach (github.com/prometheus/
 * pushgateway, README). Nothing is queued: every push sends the numbers of its moment, so a gateway that is down costs
 * neither memory nor time, and what it missed is in the next push.
 */
import { metricsPushFailures, metricsPushSuccessTimestamp } from '../catalogue/self.js';
import { type Clock, systemClock, type Timer } from '../clock.js';
import { containedAmounts, containedCounter } from '../contained.js';
import { scrapeChunks } from '../exposition/scrape.js';
import { backoffSeconds } from './backoff.js';
import { maxSeconds, type PushOptions, pushSettings } from './push-options.js';
import { askGateway, type GatewayFailure, type GatewayRequest } from './push-request.js';

/** Options of `stop` of a {@link MetricsPush}. */
export interface PushStopOptions {
  /** Seconds that all of it may take; with 0 there is no final push. Default: 5. */
  readonly deadlineSeconds?: number;
}

/** A running push, made by {@link startPush}. */
export interface MetricsPush {
  /** The gateway as the label `target` names it: scheme, host and path. */
  readonly target: string;
  /**
   * Pushes the numbers of now, after a push that is in progress; calls that wait for the same one share the next. Tells
   * whether the gateway has accepted. Never rejects.
   */
  pushNow(): Promise<boolean>;
  /**
   * Deletes the group of the grouping key from the gateway, after a push that is in progress. The next push makes it anew:
   * `stop` first. Tells whether the gateway has accepted. Never rejects.
   */
  delete(): Promise<boolean>;
  /**
   * Ends it with a final push, within its deadline, whatever the gateway does. Tells whether the final push was accepted.
   * A second call is the first one's. Never rejects.
   */
  stop(options?: PushStopOptions): Promise<boolean>;
}

/**
 * Pushes all metrics of a registry, own and foreign, to a Pushgateway every interval, the first time after the first
 * interval. What fails is counted in `metrics_push_failures_total`, warned of once for each cause, and tried again after
 * a time that grows with the failures in a row, up to `maxBackoffSeconds`. Timers do not keep the process alive.
 * @param clock for tests
 * @throws ERR_METRICS_INVALID_OPTION
 * @example
 * const push = startPush({ url: 'http://localhost:9091', job: 'nightly-import', grouping: {} });
 * await runImport(); // the numbers are pushed once the process has nothing more to do
 */
export function startPush(options: PushOptions, clock: Clock = systemClock): MetricsPush {
  const settings = pushSettings(options);
  const { target, method, gzip, registry, constantLabels, intervalSeconds, maxBackoffSeconds } = settings;
  const timeoutMilliseconds = settings.timeoutSeconds * 1_000;
  const countFailure = containedCounter(registry, metricsPushFailures);
  const setSuccess = containedAmounts(registry, metricsPushSuccessTimestamp);
  /** In a row. */
  let failures = 0;
  let timer: Timer | undefined;
  /** The last of the requests that are in progress or wait for their turn, and how many these are. */
  let last: Promise<unknown> = Promise.resolve();
  let outstanding = 0;
  /** A push that has not begun. */
  let waiting: Promise<boolean> | undefined;
  let stopping: Promise<boolean> | undefined;
  /** Ends the requests that the final push does not wait for. */
  const giveUp = new AbortController();

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
      // As a scrape has it: what does not settle is left out while there is time to send the rest.
      body: () =>
        scrapeChunks(registry, { constantLabels, deadlineSeconds: asked.timeoutMilliseconds / 2_000 }),
    });
    if (failure === undefined) {
      if (failures > 0 && stopping === undefined) schedule(intervalSeconds);
      failures = 0;
      setSuccess({ target: target.name }, clock.timestamp() / 1_000);
      return true;
    }
    // Given up for the final push, which has its numbers too.
    if (asked.signal?.aborted === true) return false;
    failures += 1;
    failed('A push to', failure, ' Nothing is queued: the next push has the numbers of then.');
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
      return stopping === undefined ? push({ timeoutMilliseconds, signal: giveUp.signal }) : false;
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
    // One that is in progress has the numbers of a moment ago.
    if (outstanding === 0) void pushInTurn();
  };
  const end = async (deadlineSeconds: number): Promise<boolean> => {
    clock.clearTimeout(timer);
    process.off('beforeExit', onBeforeExit);
    const endsAt = clock.now() + deadlineSeconds * 1_000;
    // One that is in progress may end, and is given up while there is time for the final one.
    await settledWithin(clock, last, (deadlineSeconds * 1_000) / 2);
    giveUp.abort();
    const left = Math.min(timeoutMilliseconds, endsAt - clock.now());
    return left > 0 ? push({ timeoutMilliseconds: left }) : false;
  };
  const onBeforeExit = (): void => void pushInTurn();

  // From the start, so that the first failure is an increase.
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
      // A shutdown that has run out of time must not fail over it.
      stopping ??= end(Math.min(maxSeconds, Math.max(0, Number(deadlineSeconds) || 0)));
      return stopping;
    },
  };
}

/** Waits for something, though not longer than so many milliseconds. */
async function settledWithin(clock: Clock, work: Promise<unknown>, milliseconds: number): Promise<void> {
  let timer: Timer | undefined;
  const passed = new Promise((resolve) => {
    timer = clock.setTimeout(() => resolve(undefined), milliseconds);
  });
  await Promise.race([work, passed]);
  clock.clearTimeout(timer);
}
