import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import test from 'ava';
import { resultOf } from './child.js';

/** Keeps this process busy in callbacks of the poll phase. @returns ends it */
async function keepBusy(): Promise<() => void> {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  let isOver = false;
  const server = createServer((socket) => {
    socket.on('data', () => {
      Atomics.wait(pause, 0, 0, 150);
      if (isOver) socket.end();
      else socket.write('again');
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  socket.on('data', () => setTimeout(() => socket.write('again'), 1));
  socket.write('first');
  return () => {
    isOver = true;
    server.close();
  };
}

test('results are received even if Node reports the exit of a process before its last message', async (t) => {
  const end = await keepBusy();
  const seen = async (): Promise<void> => {
    for (let time = 0; time < 4; time++) {
      const { series } = await resultOf<{ readonly series: number }>('catalogue-app.ts', ['10']);
      t.true(series > 0);
    }
  };
  await Promise.all(Array.from({ length: 6 }, seen));
  end();
});

test('a process that sends no result is an error that names it, its arguments and its exit code', async (t) => {
  await t.throwsAsync(resultOf('memory-app.ts', ['nothing', 'of this shape', '1']), {
    message: 'memory-app.ts nothing of this shape 1 exited with 1 and sent no result',
  });
});
