/** The messages between the processes and threads of a service, distinct from messages of the application. */
import type { Family, FamilySeries, Part } from '../family.js';
import { flatBuckets, readFlatBuckets } from '../instruments/native-buckets.js';

/** The `type` of every message, and the name of the channel between threads. It changes with incompatible messages. */
export const messageType = 'tamma-metrics/1';

/** From a member: a registry of a process or thread that has joined. */
export type MemberMessage = HelloMessage | ReportMessage | LeaveMessage;

interface FromMember {
  readonly type: typeof messageType;
  readonly member: string;
  /** Id of the thread; absent for a process. */
  readonly thread?: number | undefined;
}

/** A member has joined. */
export interface HelloMessage extends FromMember {
  readonly kind: 'hello';
}

/** Numbers of a member, in one part or several. */
export interface ReportMessage extends FromMember {
  readonly kind: 'report';
  /** Ascends from report to report. */
  readonly number: number;
  /** Whether it is the last part of the report. */
  readonly done: boolean;
  /** Counters, histograms and summaries; those in no part are unchanged. */
  readonly counts: readonly WrittenFamily[];
  /** All gauges; in answers only. */
  readonly gauges: readonly WrittenFamily[];
  /** The requests that the report answers. */
  readonly answers: readonly (readonly [hub: string, ask: number])[];
}

/** The member has sent its last report. */
export interface LeaveMessage extends FromMember {
  readonly kind: 'leave';
}

/** From a hub to members. */
export type HubMessage = HereMessage | AskMessage | TakenMessage;

/** A hub is present, and expects a report. */
export interface HereMessage {
  readonly type: typeof messageType;
  readonly kind: 'here';
}

/** A request for all numbers, including gauges. */
export interface AskMessage {
  readonly type: typeof messageType;
  readonly kind: 'ask';
  readonly hub: string;
  readonly ask: number;
  /** Timeout of collecting, in milliseconds. */
  readonly deadline: number;
}

/** All parts of a report have arrived. */
export interface TakenMessage {
  readonly type: typeof messageType;
  readonly kind: 'taken';
  readonly member: string;
  readonly number: number;
}

/** A message of this package, or `undefined` for another value. Its families are not validated: see `readFamilies`. */
export function readMessage(value: unknown): MemberMessage | HubMessage | undefined {
  if (typeof value !== 'object' || value === null || !('type' in value) || value.type !== messageType)
    return undefined;
  return value as MemberMessage | HubMessage;
}

/** A family in a message. node:cluster sends JSON, so numbers that are not finite are strings. */
export interface WrittenFamily extends Omit<Family, 'series'> {
  readonly series: readonly (readonly [
    values: readonly string[],
    numbers: readonly (number | string | null | undefined)[],
    native?: readonly number[],
  ])[];
}

export function writtenFamily(family: Family): WrittenFamily {
  const series = family.series.map(({ values, numbers, native }) => {
    const written = numbers.every(Number.isFinite) ? numbers : numbers.map(writtenNumber);
    return native === undefined
      ? ([values, written] as const)
      : ([values, written, flatBuckets(native)] as const);
  });
  return { ...family, series };
}

function writtenNumber(number: number | undefined): number | string | null {
  if (number === undefined) return null;
  return Number.isFinite(number) ? number : String(number);
}

/**
 * Validates the families of a message, since any process can send any value.
 * @throws Error for invalid families
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
      series: expectArray(series).map((each) => readSeries(each, ownLabels.length, ownParts.length)),
    };
  });
}

/**
 * The last request of a hub that a report answers, if any.
 * @throws Error for invalid answers
 */
export function readAnswers(value: unknown, hub: string): number | undefined {
  const own = expectArray(value)
    .map(expectArray)
    .flatMap(([asker, ask]) => (asker === hub && typeof ask === 'number' ? [ask] : []));
  return own.length === 0 ? undefined : Math.max(...own);
}

function readSeries(value: unknown, labels: number, parts: number): FamilySeries {
  const [values, numbers, flat] = expectArray(value).map(expectArray);
  if (values?.length !== labels || numbers?.length !== parts) throw new Error('a series is malformed');
  if (!values.every((text) => typeof text === 'string')) throw new Error('a label value is not a string');
  const native = flat === undefined ? undefined : readFlatBuckets(flat);
  if (flat !== undefined && native === undefined) throw new Error('native buckets are malformed');
  const isPlain = numbers.every((number) => typeof number === 'number');
  return {
    values: values as string[],
    numbers: isPlain ? (numbers as number[]) : numbers.map(readNumber),
    ...(native && { native }),
  };
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
