/** A member of the cluster that sends the messages a test chooses, over the channel that threads use. */
import { BroadcastChannel } from 'node:worker_threads';
import {
  type HubMessage,
  messageType,
  type WrittenFamily,
  writtenFamily,
} from '../../lib/cluster/cluster-messages.js';
import { type Family, familyOf } from '../../lib/family.js';
import type { MetricsRegistry } from '../../lib/registry.js';
import type { StructuralRegistry } from '../../lib/structural-registry.js';
import { until } from './until.js';

export interface FakeMember {
  /** Whether requests are answered, with the current families. Default: true. */
  isAnswering: boolean;
  families: readonly Family[];
  /** Numbers of the reports that were acknowledged. */
  readonly taken: readonly number[];
  /** Sends any message. */
  send(message: unknown): void;
  /** Sends a report, and resolves once it is acknowledged. */
  report(): Promise<void>;
  /** Sends the current families under a number that the test chooses. */
  reportAs(number: number): void;
  leave(): void;
}

let members = 0;

/** Joins the cluster, and answers from then on. Call `leave` at the end of the test. */
export function fakeMember(families: readonly Family[] = []): FakeMember {
  members += 1;
  const common = { type: messageType, member: `fake ${members}`, thread: 1_000_000 + members };
  const channel = new BroadcastChannel(messageType);
  const taken: number[] = [];
  let number = 0;
  const said = (answers: readonly (readonly [string, number])[], under: number): object => {
    const ofType = (isGauge: boolean): WrittenFamily[] =>
      member.families.filter(({ type }) => (type === 'gauge') === isGauge).map(writtenFamily);
    return {
      ...common,
      kind: 'report',
      number: under,
      done: true,
      counts: ofType(false),
      gauges: answers.length === 0 ? [] : ofType(true),
      answers,
    };
  };
  channel.onmessage = (event: unknown) => {
    const message = (event as { data: HubMessage }).data;
    if (message.kind === 'taken' && message.member === common.member) taken.push(message.number);
    if (message.kind !== 'ask' || !member.isAnswering) return;
    number += 1;
    channel.postMessage(said([[message.hub, message.ask]], number));
  };
  channel.unref();
  const member: FakeMember = {
    isAnswering: true,
    families,
    taken,
    send: (message) => channel.postMessage(message),
    reportAs(under) {
      number = Math.max(number, under);
      channel.postMessage(said([], under));
    },
    async report() {
      const under = number + 1;
      member.reportAs(under);
      await until(`report ${under} is taken`, async () => (taken.includes(under) ? true : undefined));
    },
    leave() {
      channel.postMessage({ ...common, kind: 'leave' });
      channel.close();
    },
  };
  channel.postMessage({ ...common, kind: 'hello' });
  return member;
}

/** All families of a registry as they are now. */
export function familiesOf(registry: MetricsRegistry<StructuralRegistry>): Family[] {
  return registry.instruments().map((instrument) => familyOf(instrument));
}
