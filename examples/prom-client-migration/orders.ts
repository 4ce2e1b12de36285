/** What happened in a shop: the input of both versions. */
export interface Order {
  readonly payment: 'card' | 'invoice';
  readonly seconds: number;
  /** Orders that wait after this one. */
  readonly waiting: number;
}

/** Records orders, and exposes what was recorded. */
export interface OrderMetrics {
  record(order: Order): void;
  /** The text of a scrape. */
  scrape(): Promise<string>;
}

export const orders: readonly Order[] = [
  { payment: 'card', seconds: 0.2, waiting: 2 },
  { payment: 'card', seconds: 1.5, waiting: 1 },
  { payment: 'invoice', seconds: 0.4, waiting: 0 },
];
