/** Failures of the stand-ins, as shares of the requests, evenly spread. */

export interface Conduct {
  /** An AI provider responds with 429, in addition to its rate limit; the SDKs retry. */
  readonly limited: number;
  /** Anthropic is overloaded; the SDK retries. */
  readonly anthropicOverloaded: number;
  /** OpenAI is overloaded; the SDK retries. */
  readonly openaiOverloaded: number;
  /** The request is invalid; the SDKs do not retry. */
  readonly invalid: number;
  /** GitHub or GitLab responds with 429. */
  readonly gitLimited: number;
  /** GitHub or GitLab responds with 502. */
  readonly gitBroken: number;
}

/** With `healthy`, no alert fires. `failing` is an outage of Anthropic, with some failures of the others. */
export const conducts = {
  healthy: {
    limited: 0.01,
    anthropicOverloaded: 0.01,
    openaiOverloaded: 0.01,
    invalid: 0,
    gitLimited: 0,
    gitBroken: 0,
  },
  failing: {
    limited: 0.04,
    anthropicOverloaded: 0.85,
    openaiOverloaded: 0.05,
    invalid: 0.03,
    gitLimited: 0.03,
    gitBroken: 0.02,
  },
} as const satisfies Record<string, Conduct>;

export type ConductName = keyof typeof conducts;
