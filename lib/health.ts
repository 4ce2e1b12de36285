/** Whether a service can do its work: named checks, each with a timeout, a cache and one run at a time. */
import { healthCheckDuration, healthCheckStatus } from './catalogue/health.js';
import { systemClock } from './clock.js';
import { late, withinDeadline } from './deadline.js';
import { shown } from './errors.js';
import { secondsSince, startedAt } from './instruments/stopwatch.js';
import { checkFactoryOptions } from './option-checks.js';
import { checkOptionNames, invalidOption } from './option-names.js';
import { recognizeCopies } from './process-wide.js';
import { type MetricsRegistry, sharedRegistry } from './registry.js';
import type { StructuralRegistry } from './structural-registry.js';
import { propertiesOf } from './unknown-values.js';

/** The status of a check. */
export type CheckStatus = 'pass' | 'warn' | 'fail';

/** A result of a check with a reason. */
export interface CheckOutcome {
  /** `pass`, `warn` or `fail`. */
  readonly status: CheckStatus;
  /** Why it did not pass. */
  readonly output?: string;
}

/**
 * Checks whether something works. It passes by returning nothing or `true`, fails by returning `false`, and may return a
 * {@link CheckOutcome} instead; promises are awaited. A check that throws, rejects, returns anything else or times out has
 * failed. The signal is aborted at the timeout.
 */
export type CheckFunction = (signal: AbortSignal) => unknown;

/** Options of a check. */
export interface CheckOptions {
  /** Timeout in seconds, after which the check has failed. Default: 5. */
  readonly timeoutSeconds?: number;
  /** Seconds to cache a result, since probes are frequent. Default: 1. */
  readonly cacheSeconds?: number;
  /** Whether the service is down if the check fails. If `false`, it is degraded, but ready. Default: `true`. */
  readonly critical?: boolean;
}

/** A check with its options. */
export interface HealthCheck extends CheckOptions {
  /** The function that checks. */
  readonly check: CheckFunction;
}

/** A result of a check. */
export interface CheckResult {
  /** `pass`, `warn` or `fail`. */
  readonly status: CheckStatus;
  /** Why it did not pass. Not for the public: it may contain host names. */
  readonly output: string | undefined;
  /** The duration of the check. */
  readonly seconds: number;
  /** When the check was run. */
  readonly time: Date;
}

/** The results of all checks. */
export interface HealthReport {
  /** `fail` if a critical check failed or the service drains; `warn` if a check warns, or one that is not critical failed. */
  readonly status: CheckStatus;
  /** Whether `drain` was called. */
  readonly isDraining: boolean;
  /** By name. */
  readonly checks: ReadonlyMap<string, CheckResult>;
}

/** Options of {@link HealthChecks}. */
export interface HealthChecksOptions {
  /** The registry for `health_check_status` and `health_check_duration_seconds`. Default: `sharedRegistry`. */
  readonly registry?: MetricsRegistry<StructuralRegistry>;
  /** Checks by name. Default: none. */
  readonly checks?: Readonly<Record<string, CheckFunction | HealthCheck>>;
}

interface KnownCheck {
  readonly check: CheckFunction;
  readonly timeoutSeconds: number;
  readonly cacheSeconds: number;
  readonly critical: boolean;
  last: CheckResult | undefined;
  /** Time of `last`, in milliseconds since 1970. */
  lastAt: number;
  running: Promise<CheckResult> | undefined;
}

const statusNumbers: Readonly<Record<CheckStatus, number>> = { pass: 1, warn: 0.5, fail: 0 };

/**
 * The checks of a service, and whether it drains: it finishes its requests, and receives no more.
 * @example
 * const readiness = new HealthChecks({ checks: { database: databaseCheck(() => pool.query('select 1')) } });
 * const metrics = createMetrics(loadMetricsConfig(), { health: readiness, drain: () => server });
 */
export class HealthChecks {
  readonly #checks = new Map<string, KnownCheck>();
  readonly #record: (name: string, result: CheckResult) => void;
  #isDraining = false;
  #askedAt = Number.NEGATIVE_INFINITY;

  /** @throws ERR_METRICS_INVALID_OPTION as {@link HealthChecks.add} */
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
   * @throws ERR_METRICS_INVALID_OPTION for a duplicate name, one that is not valid in a path, or invalid options
   */
  add(name: string, check: CheckFunction, options: CheckOptions = {}): this {
    const where = `health check ${shown(name)}`;
    checkOptionNames(where, options, {
      timeoutSeconds: true,
      cacheSeconds: true,
      critical: true,
    });
    const { timeoutSeconds = 5, cacheSeconds = 1, critical = true } = options;
    const invalid = (option: string, expected: string, received: unknown): Error =>
      invalidOption(where, option, expected, received);
    if (typeof name !== 'string' || !/^[\w.-]+$/.test(name))
      throw invalid('name', 'letters, digits, `_`, `.` and `-`', name);
    if (this.#checks.has(name) || ownChecks.includes(name))
      throw invalid('name', 'a name that no other check has', name);
    if (typeof check !== 'function') throw invalid('check', 'a function', check);
    if (!(timeoutSeconds > 0 && timeoutSeconds < 1e6))
      throw invalid('timeoutSeconds', 'a positive number', timeoutSeconds);
    if (!(cacheSeconds >= 0 && cacheSeconds < 1e6))
      throw invalid('cacheSeconds', 'a number of 0 or more', cacheSeconds);
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

  /** Whether `drain` was called. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Whether `run` was called in the last minute, as by the probes of load balancers and Kubernetes. */
  get isWatched(): boolean {
    return systemClock.now() - this.#askedAt < 60_000;
  }

  /**
   * Runs all checks that are not excluded. Never rejects.
   * @param options `exclude`: names of checks, or `shutdown` to ignore that the service drains. Default: none
   */
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

  /** Runs one check; `undefined` for an unknown name. Never rejects. */
  async runOne(name: string): Promise<CheckResult | undefined> {
    const check = this.#checks.get(name);
    return check === undefined ? undefined : this.#resultOf(name, check);
  }

  /**
   * Turns readiness off and waits, so that load balancers notice before the server closes.
   * @param options `seconds`: how long to wait; at least the interval of the readiness probe. Default: 5
   * @throws ERR_METRICS_INVALID_OPTION for an unknown option
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

/** Names of the router, which no check may have. */
const ownChecks = ['ping', 'shutdown'];

/** Runs a check. Never rejects. */
async function outcomeOf({
  check,
  timeoutSeconds,
}: KnownCheck): Promise<Pick<CheckResult, 'status' | 'output'>> {
  const controller = new AbortController();
  try {
    // In an async function, an exception of the check is a rejection.
    const returned = await withinDeadline((async () => check(controller.signal))(), timeoutSeconds * 1_000);
    if (returned === late) {
      controller.abort(new Error('the check took too long'));
      return { status: 'fail', output: `no answer within ${timeoutSeconds} s` };
    }
    return outcomeFrom(returned);
  } catch (error) {
    return { status: 'fail', output: error instanceof Error ? error.message : shown(error) };
  }
}

function outcomeFrom(returned: unknown): Pick<CheckResult, 'status' | 'output'> {
  if (returned === undefined || returned === true) return { status: 'pass', output: undefined };
  if (returned === false) return { status: 'fail', output: undefined };
  const { status, output } = propertiesOf(returned);
  if (typeof status === 'string' && Object.hasOwn(statusNumbers, status))
    return { status: status as CheckStatus, output: typeof output === 'string' ? output : undefined };
  return {
    status: 'fail',
    output: `the check returned ${shown(returned)}, expected nothing, a boolean or { status: 'pass' | 'warn' | 'fail' }`,
  };
}
