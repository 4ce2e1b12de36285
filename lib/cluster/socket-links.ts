/** The links between members and an elected hub: messages over a Unix socket, one per line. */
import { type IncomingMessage, request, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import type { MemberLinkOf } from './cluster-member.js';
import { type HubMessage, type MemberMessage, messageType, readMessage } from './cluster-messages.js';
import type { HubLinkOf } from './cluster-roster.js';

const upgrade = { Connection: 'Upgrade', Upgrade: messageType };

/** The hub's link to all members that connect to a server with `connectMember`. */
export function socketHub(server: Server): HubLinkOf {
  return ({ message, gone }) => {
    const sockets = new Map<string, Socket>();
    let connections = 0;
    let isClosed = false;
    server.on('upgrade', (_request: IncomingMessage, socket: Socket) => {
      if (isClosed) {
        socket.destroy();
        return;
      }
      connections += 1;
      const key = `connection ${connections}`;
      sockets.set(key, socket);
      socket.unref();
      const headers = Object.entries(upgrade).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headers.join('')}\r\n`);
      const address = { key, send: (sent: HubMessage) => sendLine(socket, sent) };
      onLines(
        socket,
        (value) => message(address, value as MemberMessage),
        () => {
          sockets.delete(key);
          gone(key);
        },
      );
    });
    return {
      send: (sent) => {
        for (const socket of sockets.values()) sendLine(socket, sent);
      },
      processes: () => [...sockets.keys()],
      isWatched: () => true,
      close: () => {
        isClosed = true;
        for (const socket of sockets.values()) socket.destroy();
      },
    };
  };
}

/** A member's link to the current hub, whose connection is replaced after an election. */
export interface ReplaceableLink {
  readonly linkOf: MemberLinkOf;
  /** Uses a connection; resolves when it is closed. */
  use(socket: Socket): Promise<void>;
}

export function replaceableLink(): ReplaceableLink {
  let current: Socket | undefined;
  let isClosed = false;
  /** Keeps the process alive also while there is no connection, since an election takes a moment. */
  let held: NodeJS.Timeout | undefined;
  let onMessage = (_message: HubMessage): void => {};
  let onOpen = (): void => {};
  return {
    linkOf: (message, open) => {
      [onMessage, onOpen] = [message, open];
      return {
        thread: undefined,
        get isOpen() {
          return !isClosed;
        },
        send: (sent) => {
          if (current !== undefined) sendLine(current, sent);
        },
        hold: (isHeld) => {
          clearInterval(held);
          held = isHeld ? setInterval(() => {}, 2 ** 30) : undefined;
        },
        close: () => {
          isClosed = true;
          current?.end();
        },
      };
    },
    use: (socket) =>
      new Promise((resolve) => {
        onLines(
          socket,
          (value) => onMessage(value as HubMessage),
          () => {
            if (current === socket) current = undefined;
            socket.destroy();
            resolve();
          },
        );
        if (isClosed) {
          socket.end();
          return;
        }
        current = socket;
        socket.unref();
        onOpen();
      }),
  };
}

/** Connects a member to a hub. Rejects if no hub listens. */
export function connectMember(socketPath: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    request({ socketPath, headers: upgrade, agent: false })
      .once('upgrade', (_response, socket) => {
        socket.on('error', expected);
        resolve(socket as Socket);
      })
      .once('response', (response) => {
        response.resume();
        reject(new Error(`expected an upgrade, received status ${response.statusCode}`));
      })
      .once('error', reject)
      .end();
  });
}

function sendLine(socket: Socket, message: HubMessage | MemberMessage): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}

/** Reads the messages of a connection, and reports its end after all of them. */
function onLines(socket: Socket, onMessage: (message: unknown) => void, onEnd: () => void): void {
  let rest = '';
  const decoder = new StringDecoder('utf8');
  socket.on('data', (bytes: Buffer) => {
    const lines = `${rest}${decoder.write(bytes)}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const message = readMessage(parsed(line));
      if (message !== undefined) onMessage(message);
    }
  });
  socket.on('error', expected);
  socket.once('close', onEnd);
}

/** The other process has ended; the `close` event follows. */
function expected(): void {}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
