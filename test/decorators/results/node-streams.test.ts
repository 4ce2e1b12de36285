import { once as emitted } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { failedOnce, inProgress, once, recordedCalls } from './recorded-calls.js';

test('a duplex stream is in progress until it was read, even if it was written before', async (t) => {
  const { api, recorded } = recordedCalls();
  const stream = api.run(() => Readable.from(['a', 'b']).pipe(new PassThrough()));
  await emitted(stream, 'finish');
  t.deepEqual(recorded(), inProgress);
  t.is(await text(stream), 'ab');
  t.deepEqual(recorded(), once);
});

test('a stream that fails after it was written is a failure', async (t) => {
  const { api, recorded } = recordedCalls();
  const stream = api.run(() => new PassThrough().end('a'));
  await emitted(stream, 'finish');
  stream.destroy(new Error('broke off'));
  await t.throwsAsync(text(stream), { message: 'broke off' });
  t.deepEqual(recorded(), failedOnce);
});
