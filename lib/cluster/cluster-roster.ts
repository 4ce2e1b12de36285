/** The members of a cluster: what each last reported, and the totals of those that have left. */
import { metricsClusterWorkers } from '../catalogue/self.js';
import type { Clock } from '../clock.js';
import type { Family } from '../family.js';
import type { AnyRegistry } from '../registry.js';
import { type Handover, handoverOf } from './cluster-handover.js';
import { type HubLink, type HubListener, hubLink, type MemberAddress } from './cluster-links.js';
import {
  type AskMessage,
  type MemberMessage,
  messageType,
  type ReportMessage,
  readAnswers,
  readFamilies,
} from './cluster-messages.js';
import { departedTotals } from './departed-totals.js';
import { messageWaits } from './message-waits.js';

/** The numbers of one process or thread, or of all that have left, by metric. */
export type Participant = ReadonlyMap<string, Family>;

export interface RosterReading {
  /** Members in the order in which they joined; those that have left come last. */
  readonly participants: readonly Participant[];
  readonly answering: number;
  readonly silent: number;
}

export interface Roster {
  /** Asks all members for their numbers. @param deadline maximum wait for their answers, in milliseconds */
  read(deadline: number): Promise<RosterReading>;
  /** The number of series of members that have left. */
  readonly departedSeries: number;
  /** What a successor needs so that no total falls. */
  handover(): Handover;
  /** Takes over from another roster. Its members report again; a member that does not counts as departed after 10 s. */
  inherit(handover: Handover): void;
  /** Takes no more reports; `handover` still works. */
  stop(): void;
}

/** Connects a hub to its members. */
export type HubLinkOf = (listener: HubListener, clock: Clock) => HubLink;

interface Member {
  address: MemberAddress;
  /** Number of the last complete report. */
  number: number;
  readonly counts: Map<string, Family>;
  gauges: Participant;
  /** Number of the last request that it has answered. */
  answered: number;
  /** It did not answer in time, and has not answered since: scrapes do not wait for it. */
  isSilent: boolean;
  /** The report of which some parts have arrived. */
  incoming: { readonly number: number; readonly counts: Family[]; readonly gauges: Family[] } | undefined;
}

/** Maximum wait of the first reading for members that joined before the hub listened, in milliseconds. */
const introductions = 200;

/** Milliseconds after which an inherited member that does not report counts as departed. */
const inheritedFor = 10_000;

/** Maximum number of silent threads whose end will not be reported, before the oldest count as departed. */
const maxDoubtful = 64;

export function clusterRoster(
  registry: AnyRegistry,
  maxSeries: number,
  clock: Clock,
  linkOf: HubLinkOf = hubLink,
): Roster {
  const hub = crypto.randomUUID();
  const members = new Map<string, Member>();
  const departed = departedTotals(registry, maxSeries);
  const waits = messageWaits(clock, true);
  let asks = 0;
  /** The request whose answers a reading waits for. */
  let inProgress: AskMessage | undefined;
  let introduced: Promise<void> | undefined;
  /** After that nothing is taken, so that everything that was acknowledged is in the handover. */
  let isStopped = false;

  const link = linkOf(
    {
      message: (from, message) => {
        if (isStopped) return;
        try {
          receive(from, message);
        } catch (error) {
          // Any process can send any message.
          registry.collectFailed(metricsClusterWorkers.name, error);
        }
      },
      gone: (key) => {
        // The stop closed its connection; it continues with a successor.
        if (isStopped) return;
        for (const [id, member] of members) if (member.address.key === key) depart(id, member);
      },
    },
    clock,
  );

  const receive = (from: MemberAddress, message: MemberMessage): void => {
    const { member: id, kind } = message;
    if (typeof id !== 'string') throw new Error('a message names no member');
    if (departed.ids.has(id)) return;
    if (kind === 'hello') {
      const member = memberOf(id, from);
      // The address of an inherited member is not known before.
      member.address = from;
      member.isSilent = false;
      from.send({ type: messageType, kind: 'here' });
      // The request was sent before it joined.
      if (inProgress !== undefined) from.send(inProgress);
    } else if (kind === 'report') take(id, from, message);
    else if (kind === 'leave') {
      const member = members.get(id);
      if (member !== undefined) depart(id, member);
    }
  };
  const memberOf = (id: string, address: MemberAddress): Member => {
    const existing = members.get(id);
    if (existing !== undefined) return existing;
    const made: Member = {
      address,
      number: 0,
      counts: new Map(),
      gauges: new Map(),
      answered: 0,
      isSilent: false,
      incoming: undefined,
    };
    members.set(id, made);
    return made;
  };
  const take = (
    id: string,
    from: MemberAddress,
    { number, done, counts, gauges, answers }: ReportMessage,
  ): void => {
    // All of it is read before any of it is taken, since any of it may be invalid.
    const [readCounts, readGauges, answered] = [
      readFamilies(counts),
      readFamilies(gauges),
      readAnswers(answers, hub),
    ];
    if (typeof number !== 'number') throw new Error('a report has no number');
    const member = memberOf(id, from);
    // A newer report has arrived before.
    if (number <= member.number || number < (member.incoming?.number ?? 0)) return;
    if (member.incoming?.number !== number) member.incoming = { number, counts: [], gauges: [] };
    const { incoming } = member;
    incoming.counts.push(...readCounts);
    incoming.gauges.push(...readGauges);
    if (done !== true) return;
    member.incoming = undefined;
    member.number = number;
    for (const [name, family] of byName(incoming.counts)) member.counts.set(name, family);
    if (answered !== undefined) {
      member.answered = Math.max(member.answered, answered);
      member.isSilent = false;
      member.gauges = byName(incoming.gauges);
    }
    member.address.send({ type: messageType, kind: 'taken', member: id, number });
    waits.check();
  };
  const depart = (id: string, { counts }: Member): void => {
    members.delete(id);
    departed.addMember(id, counts);
    waits.check();
  };

  const areAllKnown = (): boolean => {
    const processes = link.processes();
    const known = new Set(
      [...members.values()].filter(({ number }) => number > 0).map(({ address }) => address.key),
    );
    return processes.length > 0 && processes.every((key) => known.has(key));
  };
  const departDoubtful = (): void => {
    const doubtful = [...members].filter(
      ([, { isSilent, address }]) => isSilent && !link.isWatched(address.key),
    );
    for (const [id, member] of doubtful.slice(0, Math.max(0, doubtful.length - maxDoubtful)))
      depart(id, member);
  };

  link.send({ type: messageType, kind: 'here' });
  return {
    get departedSeries() {
      return [...departed.families.values()].reduce((sum, { series }) => sum + series.length, 0);
    },
    async read(deadline) {
      introduced ??= waits.until(areAllKnown, Math.min(introductions, deadline));
      await introduced;
      asks += 1;
      const ask = asks;
      const request: AskMessage = { type: messageType, kind: 'ask', hub, ask, deadline: deadline * 0.8 };
      inProgress = request;
      link.send(request);
      const hasAnswered = ({ answered }: Member): boolean => answered >= ask;
      await waits.until(
        () => [...members.values()].every((member) => member.isSilent || hasAnswered(member)),
        deadline,
      );
      if (inProgress === request) inProgress = undefined;
      const all = [...members.values()];
      for (const member of all) member.isSilent = !hasAnswered(member);
      // Copies, since reports arrive while these are written.
      const participants = all.map(
        (member) => new Map([...member.counts, ...(member.isSilent ? [] : member.gauges)]),
      );
      const silent = all.filter(({ isSilent }) => isSilent).length;
      const reading = {
        participants: [...participants, new Map(departed.families)],
        answering: all.length - silent,
        silent,
      };
      departDoubtful();
      return reading;
    },
    handover: () => handoverOf(departed, members),
    inherit: (handover) => {
      departed.inherit(readFamilies(handover.departed), handover.departedIds.map(String));
      for (const [id, counts] of handover.members) {
        if (members.has(id) || departed.ids.has(id)) continue;
        const address = { key: `inherited ${id}`, send: () => {} };
        const member = memberOf(id, address);
        member.isSilent = true;
        for (const [name, family] of byName(readFamilies(counts))) member.counts.set(name, family);
        clock
          .setTimeout(() => {
            if (member.address === address && members.get(id) === member) depart(id, member);
          }, inheritedFor)
          .unref();
      }
    },
    stop: () => {
      isStopped = true;
      link.close();
    },
  };
}

/** Families by name; a family that came in several parts is put together. */
function byName(families: readonly Family[]): Map<string, Family> {
  const result = new Map<string, Family>();
  for (const family of families) {
    const before = result.get(family.name);
    result.set(
      family.name,
      before === undefined ? family : { ...family, series: [...before.series, ...family.series] },
    );
  }
  return result;
}
