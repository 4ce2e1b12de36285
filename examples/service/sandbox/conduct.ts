/** How often the stand-ins fail, as probabilities. */

export interface Conduct {
  /** The AI providers limit the rate, beyond their windows; an SDK tries again. */
  readonly limited: number;
  /** Anthropic is overloaded; an SDK tries again. */
  readonly anthropicOverloaded: number;
  /** OpenAI is overloaded; an SDK tries again. */
  readonly openaiOverloaded: number;
  /** The request is at fault: no SDK tries it again. */
  readonly invalid: number;
  /** GitHub and GitLab limit the rate. */
  readonly gitLimited: number;
  /** GitHub and GitLab answer 502. */
  readonly gitBroken: number;
}

/** `healthy` is a good day, which no alert is about; `failing` is an outage of Anthropic, and a bad day elsewhere. */
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
