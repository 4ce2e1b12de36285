/** Whether a service can do its work: named checks, each with a deadline, a cache and one run at a time. */

import { healthCheckDuration, healthCheckStatus } from './catalogue/health.js';
import { systemClock } from './clock.js';
import { metricsError, shown } from './errors.js';
import { secondsSince, startedAt } from './instruments/stopwatch.js';
import { checkFactoryOptions } from './option-checks.js';
import { checkOptionNames } from './option-names.js';
import { recognizeCopies } from './process-wide.js';
import { type MetricsRegistry, sharedRegistry } from './registry.js';
import type { StructuralRegistry } from './structural-registry.js';
import { propertiesOf } from './unknown-values.js';

export type CheckStatus = 'pass' | 'warn' | 'fail';

/** What a check may say beside a boolean: its status, and why. */
export interface CheckOutcome {
  readonly status: CheckStatus;
  readonly output?: string;
}

/**
 * Looks whether something works. It says nothing, `true` or a {@link CheckOutcome} where it does, `false` or an outcome where it
 * does not; one that throws, says anything else or takes too long has failed. The signal aborts at its deadline.
 */
export type CheckFunction = (signal: AbortSignal) => unknown;

export interface CheckOptions {
  /** Seconds after which it has failed. Default: 5. */
  readonly timeoutSeconds?: number;
  /** Seconds for which a result holds: probes come often, and databases have better to do. Default: 1. */
  readonly cacheSeconds?: number;
  /** Whether the service cannot do without it. `false`: where it fails the service is degraded, and still ready. Default: true. */
  readonly critical?: boolean;
}

/** A check with its options. */
export interface HealthCheck extends CheckOptions {
  readonly check: CheckFunction;
}

export interface CheckResult {
  readonly status: CheckStatus;
  /** Why it did not pass. For logs and trusted eyes: it may name hosts. */
  readonly output: string | undefined;
  readonly seconds: number;
  /** When it was run. */
  readonly time: Date;
}

export interface HealthReport {
  /** `fail` where a critical check failed or the service drains, `warn` where one warns or an uncritical one failed. */
  readonly status: CheckStatus;
  readonly isDraining: boolean;
  readonly checks: ReadonlyMap<string, CheckResult>;
}

export interface HealthChecksOptions {
  /** Where results are recorded, as `health_check_status` and `health_check_duration_seconds`. Default: `sharedRegistry`. */
  readonly registry?: MetricsRegistry<StructuralRegistry>;
  /** Checks by name. */
  readonly checks?: Readonly<Record<string, CheckFunction | HealthCheck>>;
}

interface KnownCheck {
  readonly check: CheckFunction;
  readonly timeoutSeconds: number;
  readonly cacheSeconds: number;
  readonly critical: boolean;
  last: CheckResult | undefined;
  /** Milliseconds since 1970 at which `last` was known. */
  lastAt: number;
  running: Promise<CheckResult> | undefined;
}

const statusNumbers: Readonly<Record<CheckStatus, number>> = { pass: 1, warn: 0.5, fail: 0 };

/**
 * The checks of a service, and whether it drains.
 * @example
 * const readiness = new HealthChecks({ checks: { database: databaseCheck(() => pool.query('select 1')) } });
 * const metrics = createMetrics(loadMetricsConfig(), { health: readiness, drain: () => server });
 */
export class HealthChecks {
  readonly #checks = new Map<string, KnownCheck>();
  readonly #record: (name: string, result: CheckResult) => void;
  #isDraining = false;
  #askedAt = Number.NEGATIVE_INFINITY;

  /** @throws what `add` throws */
  constructor(options: HealthChecksOptions = {}) {
    checkFactoryOptions('HealthChecks', options, { registry: true, checks: true });
    const { registry = sharedRegistry, checks = {} } = options;
    const status = registry.gauge(healthCheckStatus);
    const duration = registry.histogram(healthCheckDuration);
    this.#record = (check, result) => {
      status.set({ check }, statusNumbers[result.status]);
      duration.observe({ check }, result.seconds);
    };
    for (const [name, check] of Object.entries(checks)) {
      if (typeof check === 'function') this.add(name, check);
      else {
        const { check: run, ...own } = check ?? {};
        this.add(name, run as CheckFunction, own);
      }
    }
  }

  /**
   * Adds a check.
   * @throws ERR_METRICS_INVALID_OPTION for a name that is taken or cannot stand in a path, or options that cannot be used
   */
  add(name: string, check: CheckFunction, options: CheckOptions = {}): this {
    checkOptionNames(`health check ${shown(name)}`, options, {
      timeoutSeconds: true,
      cacheSeconds: true,
      critical: true,
    });
    const { timeoutSeconds = 5, cacheSeconds = 1, critical = true } = options;
    const invalid = (what: string, expected: string, received: unknown): Error =>
      metricsError(
        'ERR_METRICS_INVALID_OPTION',
        `Invalid ${what} of health check ${shown(name)}: expected ${expected}, received ${shown(received)}.`,
      );
    if (typeof name !== 'string' || !/^[\w.-]+$/.test(name))
      throw invalid('name', 'letters, digits, `_`, `.` and `-`', name);
    if (this.#checks.has(name) || ownChecks.includes(name))
      throw invalid('name', 'a name that no other check has', name);
    if (typeof check !== 'function') throw invalid('`check`', 'a function', check);
    if (!(timeoutSeconds > 0 && timeoutSeconds < 1e6))
      throw invalid('`timeoutSeconds`', 'a positive number', timeoutSeconds);
    if (!(cacheSeconds >= 0 && cacheSeconds < 1e6))
      throw invalid('`cacheSeconds`', 'a number of 0 or more', cacheSeconds);
    this.#checks.set(name, {
      check,
      timeoutSeconds,
      cacheSeconds,
      critical: critical !== false,
      last: undefined,
      lastAt: 0,
      running: undefined,
    });
    return this;
  }

  /** Names of the checks, in the order in which they were added. */
  names(): string[] {
    return [...this.#checks.keys()];
  }

  /** Whether `drain` has been called: the service finishes what it has, and takes no more. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Whether anyone has asked within a minute whether the service is ready, as load balancers and Kubernetes do. */
  get isWatched(): boolean {
    return systemClock.now() - this.#askedAt < 60_000;
  }

  /** Runs the checks, all but those that are excluded; `shutdown` leaves out that the service drains. Never rejects. */
  async run(options: { readonly exclude?: readonly string[] } = {}): Promise<HealthReport> {
    this.#askedAt = systemClock.now();
    return this.report(options);
  }

  /** As `run`, for a reader that is no load balancer. @internal */
  async report({ exclude = [] }: { readonly exclude?: readonly string[] } = {}): Promise<HealthReport> {
    const chosen = [...this.#checks].filter(([name]) => !exclude.includes(name));
    const results = await Promise.all(
      chosen.map(async ([name, check]) => [name, await this.#resultOf(name, check)] as const),
    );
    const statuses = results.map(([name, { status }]) =>
      status === 'fail' && this.#checks.get(name)?.critical === false ? 'warn' : status,
    );
    const isDown = (this.#isDraining && !exclude.includes('shutdown')) || statuses.includes('fail');
    return {
      status: isDown ? 'fail' : statuses.includes('warn') ? 'warn' : 'pass',
      isDraining: this.#isDraining,
      checks: new Map(results),
    };
  }

  /** Runs one check; `undefined` where there is none of that name. Never rejects. */
  async runOne(name: string): Promise<CheckResult | undefined> {
    const check = this.#checks.get(name);
    return check === undefined ? undefined : this.#resultOf(name, check);
  }

  /**
   * Turns readiness off and waits, so that whoever sends requests can see it before the server closes.
   * @param seconds how long; at least as long as a probe takes to come round. Default: 5.
   */
  async drain(options: { readonly seconds?: number } = {}): Promise<void> {
    checkOptionNames('HealthChecks.drain', options, { seconds: true });
    const { seconds = 5 } = options;
    this.#isDraining = true;
    if (seconds > 0) await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  }

  #resultOf(name: string, known: KnownCheck): Promise<CheckResult> | CheckResult {
    const { last, lastAt, cacheSeconds, running } = known;
    if (running !== undefined) return running;
    if (last !== undefined && Date.now() - lastAt < cacheSeconds * 1_000) return last;
    known.running = this.#run(name, known).finally(() => {
      known.running = undefined;
    });
    return known.running;
  }

  async #run(name: string, known: KnownCheck): Promise<CheckResult> {
    const start = startedAt();
    const time = new Date();
    const outcome = await outcomeOf(known);
    const result = { ...outcome, seconds: secondsSince(start), time };
    known.last = result;
    known.lastAt = Date.now();
    this.#record(name, result);
    return result;
  }
}

recognizeCopies(HealthChecks, 'HealthChecks');

/** Names that the router shows beside those of the checks. */
const ownChecks = ['ping', 'shutdown'];

/** What a check says within its deadline, whatever it does. */
async function outcomeOf({
  check,
  timeoutSeconds,
}: KnownCheck): Promise<Pick<CheckResult, 'status' | 'output'>> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, timeoutSeconds * 1_000, 'late' as const);
  });
  try {
    // Within an async function, so that one that throws at once rejects too.
    const said = await Promise.race([(async () => check(controller.signal))(), late]);
    if (said === 'late') {
      controller.abort(new Error('the check took too long'));
      return { status: 'fail', output: `no answer within ${timeoutSeconds} s` };
    }
    return understood(said);
  } catch (error) {
    return { status: 'fail', output: error instanceof Error ? error.message : shown(error) };
  } finally {
    clearTimeout(timer);
  }
}

function understood(said: unknown): Pick<CheckResult, 'status' | 'output'> {
  if (said === undefined || said === true) return { status: 'pass', output: undefined };
  if (said === false) return { status: 'fail', output: undefined };
  const { status, output } = propertiesOf(said);
  if (typeof status === 'string' && Object.hasOwn(statusNumbers, status))
    return { status: status as CheckStatus, output: typeof output === 'string' ? output : undefined };
  return {
    status: 'fail',
    output: `the check returned ${shown(said)}, expected nothing, a boolean or { status: 'pass' | 'warn' | 'fail' }`,
  };
}
