/** Who takes part in the metrics of a service, what each last reported, and what those counted that are gone. */
import { metricsClusterWorkers } from '../catalogue/self.js';
import type { Clock } from '../clock.js';
import type { AnyRegistry } from '../registry.js';
import { type Handover, handoverOf } from './cluster-handover.js';
import { type HubLink, type HubListener, hubLink, type MemberPlace } from './cluster-links.js';
import {
  type AskMessage,
  type MemberMessage,
  messageType,
  type ReportMessage,
  readAnswers,
  readFamilies,
} from './cluster-messages.js';
import type { Family } from './family.js';
import { familyOfMerged, mergedFamily } from './merged-family.js';
import { messageWaits } from './message-waits.js';

/** The numbers of one process or thread, or of all that are gone, by metric. */
export type Participant = ReadonlyMap<string, Family>;

export interface RosterReading {
  /** Members in the order in which they joined, and last those that are gone. */
  readonly participants: readonly Participant[];
  readonly answering: number;
  readonly silent: number;
}

export interface Roster {
  /** Asks all members, and waits for their answers for at most so many milliseconds. */
  read(deadline: number): Promise<RosterReading>;
  /** How many series the departed have. */
  readonly departedSeries: number;
  /** What a successor needs so that no total falls. */
  handover(): Handover;
  /** Takes over what another has kept. Who is still there reports anew; who is not counts as departed after a while. */
  inherit(handover: Handover): void;
  /** Takes no more reports; what it has taken can still be handed over. */
  stop(): void;
}

/** Makes the way to the workers. */
export type HubLinkOf = (listener: HubListener, clock: Clock) => HubLink;

interface Member {
  place: MemberPlace;
  /** Number of the last report that was taken whole. */
  number: number;
  readonly counts: Map<string, Family>;
  gauges: Participant;
  /** The last question it has answered. */
  answered: number;
  /** It did not answer in time, and has not answered since: nobody waits for it. */
  isSilent: boolean;
  /** The report that is coming in. */
  incoming: { readonly number: number; readonly counts: Family[]; readonly gauges: Family[] } | undefined;
}

/** Milliseconds that the first reading waits for those who joined before anyone listened. */
const introductions = 200;

/** Milliseconds that a member which was inherited may take to report by itself, before it counts as departed. */
const inheritedFor = 10_000;

/** Silent threads of which nobody will say that they have ended: so many are kept apart from the departed. */
const maxDoubtful = 64;

/** Ids of the departed that are remembered, so that nothing of theirs that comes late is counted twice. */
const maxDeparted = 1_000;

export function clusterRoster(
  registry: AnyRegistry,
  maxSeries: number,
  clock: Clock,
  linkOf: HubLinkOf = hubLink,
): Roster {
  const hub = crypto.randomUUID();
  const members = new Map<string, Member>();
  const departed = new Map<string, Family>();
  const departedIds = new Set<string>();
  /** Looked at whenever someone answers or leaves. */
  const { look, settled } = messageWaits(clock, true);
  let asks = 0;
  /** The question that is waited for. */
  let inProgress: AskMessage | undefined;
  let isIntroduced: Promise<unknown> | undefined;
  /** From then on nothing is taken, so that all that was acknowledged is in what is handed over. */
  let isStopped = false;

  const failed = (error: unknown): void => registry.collectFailed(metricsClusterWorkers.name, error);
  const link = linkOf(
    {
      message: (from, message) => {
        if (isStopped) return;
        try {
          heard(from, message);
        } catch (error) {
          // Anyone can send anything.
          failed(error);
        }
      },
      gone: (key) => {
        // Its connection was closed here: it goes on with a successor.
        if (isStopped) return;
        for (const [id, member] of members) if (member.place.key === key) depart(id, member);
      },
    },
    clock,
  );

  const heard = (from: MemberPlace, message: MemberMessage): void => {
    const { member: id, kind } = message;
    if (typeof id !== 'string') throw new Error('a message names no member');
    if (departedIds.has(id)) return;
    if (kind === 'hello') {
      const member = memberOf(id, from);
      // One that was inherited says where it is.
      member.place = from;
      member.isSilent = false;
      from.send({ type: messageType, kind: 'here' });
      // It has not heard what the others were asked.
      if (inProgress !== undefined) from.send(inProgress);
    } else if (kind === 'report') take(id, from, message);
    else if (kind === 'leave') {
      const member = members.get(id);
      if (member !== undefined) depart(id, member);
    }
  };
  const memberOf = (id: string, place: MemberPlace): Member => {
    const existing = members.get(id);
    if (existing !== undefined) return existing;
    const made: Member = {
      place,
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
    from: MemberPlace,
    { number, done, counts, gauges, answers }: ReportMessage,
  ): void => {
    // All of it is read before any of it is taken.
    const [read, readGauges, answered] = [
      readFamilies(counts),
      readFamilies(gauges),
      readAnswers(answers, hub),
    ];
    if (typeof number !== 'number') throw new Error('a report has no number');
    const member = memberOf(id, from);
    // Overtaken by a newer one.
    if (number <= member.number || number < (member.incoming?.number ?? 0)) return;
    if (member.incoming?.number !== number) member.incoming = { number, counts: [], gauges: [] };
    const { incoming } = member;
    incoming.counts.push(...read);
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
    member.place.send({ type: messageType, kind: 'taken', member: id, number });
    lookAgain();
  };
  const lookAgain = (): void => {
    look();
  };

  const depart = (id: string, member: Member): void => {
    members.delete(id);
    departedIds.add(id);
    if (departedIds.size > maxDeparted)
      for (const oldest of departedIds) {
        departedIds.delete(oldest);
        break;
      }
    for (const [name, family] of member.counts) if (isKept(family)) keep(name, withoutQuantiles(family));
    lookAgain();
  };
  const keep = (name: string, family: Family): void => {
    const before = departed.get(name);
    let conflict: Error | undefined;
    const onConflict = (error: Error): void => {
      conflict = error;
    };
    const families: [Family, ...Family[]] = before === undefined ? [family] : [before, family];
    const merged = familyOfMerged(mergedFamily(families, { maxSeries, onConflict }));
    if (conflict !== undefined) registry.collectFailed(name, conflict);
    // Who ends later has the newer definition, as the workers that go on.
    departed.set(name, conflict === undefined ? merged : family);
  };

  const areAllKnown = (): boolean => {
    const processes = link.processes();
    const known = new Set(
      [...members.values()].filter(({ number }) => number > 0).map(({ place }) => place.key),
    );
    return processes.length > 0 && processes.every((key) => known.has(key));
  };
  const foldDoubtful = (): void => {
    const doubtful = [...members].filter(([, { isSilent, place }]) => isSilent && !link.isWatched(place.key));
    for (const [id, member] of doubtful.slice(0, Math.max(0, doubtful.length - maxDoubtful)))
      depart(id, member);
  };

  link.send({ type: messageType, kind: 'here' });
  return {
    get departedSeries() {
      return [...departed.values()].reduce((sum, { series }) => sum + series.length, 0);
    },
    async read(deadline) {
      isIntroduced ??= settled(areAllKnown, Math.min(introductions, deadline));
      await isIntroduced;
      asks += 1;
      const ask = asks;
      const question: AskMessage = { type: messageType, kind: 'ask', hub, ask, deadline: deadline * 0.8 };
      inProgress = question;
      link.send(question);
      const hasAnswered = ({ answered }: Member): boolean => answered >= ask;
      await settled(
        () => [...members.values()].every((member) => member.isSilent || hasAnswered(member)),
        deadline,
      );
      if (inProgress === question) inProgress = undefined;
      const all = [...members.values()];
      for (const member of all) member.isSilent = !hasAnswered(member);
      // Copies, since reports come in while these are written.
      const participants = all.map(
        (member) => new Map([...member.counts, ...(member.isSilent ? [] : member.gauges)]),
      );
      const silent = all.filter(({ isSilent }) => isSilent).length;
      const reading = {
        participants: [...participants, new Map(departed)],
        answering: all.length - silent,
        silent,
      };
      foldDoubtful();
      return reading;
    },
    handover: () => handoverOf(departed, departedIds, members),
    inherit: (handover) => {
      for (const family of readFamilies(handover.departed)) keep(family.name, family);
      for (const id of handover.departedIds) departedIds.add(String(id));
      for (const [id, counts] of handover.members) {
        if (members.has(id) || departedIds.has(id)) continue;
        const member = memberOf(id, { key: `inherited ${id}`, send: () => {} });
        member.isSilent = true;
        for (const [name, family] of byName(readFamilies(counts))) member.counts.set(name, family);
        const { place } = member;
        clock
          .setTimeout(() => {
            if (member.place === place && members.get(id) === member) depart(id, member);
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

/** Families by name; the parts of one that came in several put together. */
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

/** Only totals outlive their process: a minimum, an average or a first of processes that are gone says nothing. */
function isKept({ type, aggregator }: Family): boolean {
  return type !== 'gauge' && !['first', 'min', 'average', 'omit'].includes(aggregator);
}

function withoutQuantiles(family: Family): Family {
  if (family.type !== 'summary') return family;
  const kept = family.parts.flatMap(([, bound], index) => (bound === undefined ? [index] : []));
  return {
    ...family,
    parts: kept.map((index) => family.parts[index] ?? ['']),
    series: family.series.map(([values, numbers]) => [values, kept.map((index) => numbers[index])]),
  };
}
