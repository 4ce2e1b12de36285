/** Service level objectives as typed data. */

export interface Slo {
  readonly name: string;
}
