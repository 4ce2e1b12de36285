/** The links between members and a hub: messages of node:cluster, and a channel that all threads of a process share. */
import type { Cluster, Worker } from 'node:cluster';
import type { BroadcastChannel } from 'node:worker_threads';
import type { Clock } from '../clock.js';
import { type HubMessage, type MemberMessage, messageType, readMessage } from './cluster-messages.js';

/** Loaded on first use: most programs are one process. The value is that of `require`, although the type is that of `import`. */
const clusterModule = () => process.getBuiltinModule('node:cluster') as unknown as Cluster;
const threadsModule = () => process.getBuiltinModule('node:worker_threads');

/** A member's link to its hub. */
export interface MemberLink {
  /** The id of this thread; `undefined` for a process. */
  readonly thread: number | undefined;
  /** Whether there is a hub, or may be one after an election. A worker whose primary has ended has none. */
  readonly isOpen: boolean;
  /** Never throws. */
  send(message: MemberMessage): void;
  /** Whether to keep the worker alive, to wait for an answer. */
  hold(isHeld: boolean): void;
  close(): void;
}

/** The link of this worker process or thread; `undefined` in any other process. */
export function memberLink(onMessage: (message: HubMessage) => void): MemberLink | undefined {
  const listener = (value: unknown): void => {
    const message = readMessage(value);
    if (message !== undefined) onMessage(message as HubMessage);
  };
  if (!threadsModule().isMainThread) return threadLink(listener);
  return clusterModule().isWorker ? processLink(listener) : undefined;
}

function threadLink(listener: (value: unknown) => void): MemberLink {
  const channel = openChannel(listener);
  let isOpen = true;
  return {
    thread: threadsModule().threadId,
    get isOpen() {
      return isOpen;
    },
    send: (message) => {
      if (isOpen) channel.postMessage(message);
    },
    hold: (isHeld) => {
      if (isHeld) channel.ref();
      else channel.unref();
    },
    close: () => {
      isOpen = false;
      channel.close();
    },
  };
}

function processLink(listener: (value: unknown) => void): MemberLink {
  process.on('message', listener);
  return {
    thread: undefined,
    get isOpen() {
      return process.connected;
    },
    send: (message) => {
      if (process.connected) process.send?.(message, undefined, undefined, ignored);
    },
    // node:cluster keeps the channel of a worker open.
    hold: () => {},
    close: () => {
      process.off('message', listener);
    },
  };
}

/** How a hub reaches a member. */
export interface MemberAddress {
  /** Identifies its process or thread. */
  readonly key: string;
  send(message: HubMessage): void;
}

/** A hub's link to the members. */
export interface HubLink {
  /** Sends to all workers, known or not. Never throws. */
  send(message: HubMessage): void;
  /** Keys of the connected worker processes. */
  processes(): string[];
  /** Whether `gone` will be called for a process or thread. */
  isWatched(key: string): boolean;
  close(): void;
}

export interface HubListener {
  message(from: MemberAddress, message: MemberMessage): void;
  /** A process or thread has ended, and everything that it sent has arrived. */
  gone(key: string): void;
}

/** The link to the workers of this process, and to its threads. */
export function hubLink(listener: HubListener, clock: Clock): HubLink {
  const processes = processHub(listener);
  const threads = threadHub(listener, clock);
  return {
    send: (message) => {
      processes.send(message);
      threads.send(message);
    },
    processes: () => connectedWorkers().map(processKey),
    isWatched: (key) => !key.startsWith('thread') || threads.isWatched(key),
    close: () => {
      processes.close();
      threads.close();
    },
  };
}

function processHub({ message, gone }: HubListener): Pick<HubLink, 'send' | 'close'> {
  const cluster = clusterModule();
  const sendTo = (worker: Worker, sent: HubMessage): void => {
    if (worker.isConnected()) worker.send(sent, ignored);
  };
  const onMessage = (worker: Worker, value: unknown): void => {
    const read = readMessage(value);
    if (read === undefined) return;
    message({ key: processKey(worker), send: (sent) => sendTo(worker, sent) }, read as MemberMessage);
  };
  /** Messages of a process that has exited may still arrive, until its channel is closed too. */
  const onExit = (worker: Worker): void => {
    if (!worker.isConnected()) gone(processKey(worker));
  };
  const onDisconnect = (worker: Worker): void => {
    if (worker.isDead()) gone(processKey(worker));
  };
  cluster.on('message', onMessage);
  cluster.on('exit', onExit);
  cluster.on('disconnect', onDisconnect);
  return {
    send: (sent) => {
      for (const worker of connectedWorkers()) sendTo(worker, sent);
    },
    close: () => {
      cluster.off('message', onMessage);
      cluster.off('exit', onExit);
      cluster.off('disconnect', onDisconnect);
    },
  };
}

/** Maximum time that messages of a thread may arrive after its exit event, in milliseconds: the two are not ordered. */
const afterThreadEnd = 100;

function threadHub(
  { message, gone }: HubListener,
  clock: Clock,
): Pick<HubLink, 'send' | 'isWatched' | 'close'> {
  const watched = new Set<string>();
  const channel = openChannel((value) => {
    const read = readMessage(value) as MemberMessage | undefined;
    // Other hubs of the process use the channel too.
    if (read === undefined || !('member' in read) || typeof read.thread !== 'number') return;
    message({ key: threadKey(read.thread), send: (sent) => channel.postMessage(sent) }, read);
  });
  const onWorker = (worker: {
    readonly threadId: number;
    once(event: 'exit', listener: () => void): void;
  }): void => {
    const key = threadKey(worker.threadId);
    watched.add(key);
    worker.once('exit', () => {
      const timer = clock.setTimeout(() => {
        watched.delete(key);
        gone(key);
      }, afterThreadEnd);
      timer.unref();
    });
  };
  process.on('worker', onWorker);
  return {
    send: (sent) => channel.postMessage(sent),
    isWatched: (key) => watched.has(key),
    close: () => {
      process.off('worker', onWorker);
      channel.close();
    },
  };
}

function openChannel(listener: (value: unknown) => void): BroadcastChannel {
  const channel = new (threadsModule().BroadcastChannel)(messageType);
  channel.onmessage = (event: unknown) => listener((event as MessageEvent).data);
  channel.unref();
  return channel;
}

function connectedWorkers(): Worker[] {
  return Object.values(clusterModule().workers ?? {}).filter(
    (worker): worker is Worker => worker?.isConnected() === true,
  );
}

function processKey({ id }: Worker): string {
  return `process ${id}`;
}

function threadKey(id: number): string {
  return `thread ${id}`;
}

/** The other side has ended. A sender that waits for an answer has a deadline. */
function ignored(): void {}
