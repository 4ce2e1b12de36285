/** What the processes and threads of a service say to each other, apart from anyone's own messages. */
import type { Family, FamilySeries, Part } from '../family.js';

/** The `type` of every message, and the name of the channel between threads. It changes when messages do. */
export const messageType = 'tamma-metrics/1';

/** From a worker. `member` is whoever joined there: a registry of a process or thread. */
export type MemberMessage = HelloMessage | ReportMessage | LeaveMessage;

interface FromMember {
  readonly type: typeof messageType;
  readonly member: string;
  /** Id of the thread; absent for a process. */
  readonly thread?: number | undefined;
}

/** Someone has joined. */
export interface HelloMessage extends FromMember {
  readonly kind: 'hello';
}

/** Numbers of a member, in one part or several. */
export interface ReportMessage extends FromMember {
  readonly kind: 'report';
  /** Ascends from report to report. */
  readonly number: number;
  /** Whether this is the last part of the report. */
  readonly done: boolean;
  /** Counters, histograms and summaries; those that are in no part are as they were. */
  readonly counts: readonly WrittenFamily[];
  /** Gauges, in answers only, and all of them. */
  readonly gauges: readonly WrittenFamily[];
  /** What is answered: each hub's question by its number. */
  readonly answers: readonly (readonly [hub: string, ask: number])[];
}

/** The member has sent its last report. */
export interface LeaveMessage extends FromMember {
  readonly kind: 'leave';
}

/** To workers, from whoever aggregates. */
export type HubMessage = HereMessage | AskMessage | TakenMessage;

/** Someone aggregates here: report, please. */
export interface HereMessage {
  readonly type: typeof messageType;
  readonly kind: 'here';
}

/** A question for all numbers, gauges too. */
export interface AskMessage {
  readonly type: typeof messageType;
  readonly kind: 'ask';
  readonly hub: string;
  readonly ask: number;
  /** Milliseconds that collecting may take. */
  readonly deadline: number;
}

/** A report has arrived whole. */
export interface TakenMessage {
  readonly type: typeof messageType;
  readonly kind: 'taken';
  readonly member: string;
  readonly number: number;
}

/** A message of ours, or `undefined` for anyone else's. Families in it are read by `readFamilies`. */
export function readMessage(value: unknown): MemberMessage | HubMessage | undefined {
  if (typeof value !== 'object' || value === null || !('type' in value) || value.type !== messageType)
    return undefined;
  return value as MemberMessage | HubMessage;
}

/** A family in a message: JSON, which cluster sends, has no number that is not finite; such a one is text there. */
export interface WrittenFamily extends Omit<Family, 'series'> {
  readonly series: readonly (readonly [
    values: readonly string[],
    numbers: readonly (number | string | null | undefined)[],
  ])[];
}

export function writtenFamily(family: Family): WrittenFamily {
  const series = family.series.map(
    ({ values, numbers }) =>
      [values, numbers.every(Number.isFinite) ? numbers : numbers.map(writtenNumber)] as const,
  );
  return { ...family, series };
}

function writtenNumber(number: number | undefined): number | string | null {
  if (number === undefined) return null;
  return Number.isFinite(number) ? number : String(number);
}

/**
 * Families of a message.
 * @throws where they are none: anyone can send anything
 */
export function readFamilies(value: unknown): Family[] {
  return expectArray(value).map((each) => {
    const { name, help, type, aggregator, labels, parts, series } = each as Record<keyof Family, unknown>;
    const texts = [name, help, type];
    if (!texts.every((text) => typeof text === 'string') || !isType(type))
      throw new Error('a family is malformed');
    const ownLabels = expectArray(labels).map(String);
    const ownParts = expectArray(parts).map((part) => expectArray(part) as never as Part);
    return {
      name: name as string,
      help: help as string,
      type,
      aggregator: (typeof aggregator === 'string' ? aggregator : 'sum') as Family['aggregator'],
      labels: ownLabels,
      parts: ownParts,
      series: expectArray(series).map((one) => readSeries(one, ownLabels.length, ownParts.length)),
    };
  });
}

/**
 * The last question of a hub that a report answers, if it answers any.
 * @throws where the answers are none
 */
export function readAnswers(value: unknown, hub: string): number | undefined {
  const own = expectArray(value)
    .map(expectArray)
    .flatMap(([asker, ask]) => (asker === hub && typeof ask === 'number' ? [ask] : []));
  return own.length === 0 ? undefined : Math.max(...own);
}

function readSeries(value: unknown, labels: number, parts: number): FamilySeries {
  const [values, numbers] = expectArray(value).map(expectArray);
  if (values?.length !== labels || numbers?.length !== parts) throw new Error('a series is malformed');
  if (!values.every((text) => typeof text === 'string')) throw new Error('a label value is no text');
  const isPlain = numbers.every((number) => typeof number === 'number');
  return { values: values as string[], numbers: isPlain ? (numbers as number[]) : numbers.map(readNumber) };
}

function readNumber(number: unknown): number | undefined {
  return number === null || number === undefined ? undefined : Number(number);
}

function isType(value: unknown): value is Family['type'] {
  return value === 'counter' || value === 'gauge' || value === 'histogram' || value === 'summary';
}

function expectArray(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error('a message is malformed');
}
