// In a process of its own: the packages change globals when they are loaded.
/** As packages.test.ts, with large packages that are fetched for this test. */
import { createServer as createTcpServer } from 'node:net';
import test from 'ava';
import { fetchedPackages } from '../../helpers/fetched-packages.js';
import { type Client, listening, worksOnce } from './clients.js';
import { failedOnce, inProgress, once, recordedCalls } from './recorded-calls.js';

interface Customer {
  readonly id: string;
}

interface Customers extends AsyncIterable<Customer> {
  autoPagingToArray(options: { readonly limit: number }): Promise<Customer[]>;
  autoPagingEach(each: (customer: Customer) => void): Promise<void>;
}

interface Stripe {
  readonly customers: { list(): Customers };
}

interface Cursor {
  limit(count: number): Cursor;
  toArray(): Promise<unknown[]>;
  close(): Promise<void>;
}

interface MongoClient {
  db(name: string): { collection(name: string): { find(): Cursor } };
  close(): Promise<void>;
}

interface Query extends PromiseLike<unknown> {
  exec(): Promise<unknown>;
  getFilter(): object;
}

interface Mongoose {
  readonly Schema: new (fields: object, options: object) => object;
  createConnection(): {
    model(name: string, schema: object): { find(filter: object): Query };
    close(): Promise<void>;
  };
}

const load = await fetchedPackages('results');
const Stripe: new (key: string, options: object) => Stripe = load('stripe');
const { MongoClient }: { MongoClient: new (url: string, options: object) => MongoClient } = load('mongodb');
const mongoose: Mongoose = load('mongoose');

const customers = (port: number): Customers =>
  new Stripe('sk', { host: '127.0.0.1', port, protocol: 'http' }).customers.list();

const clients: Readonly<Record<string, Client>> = {
  'stripe, autoPagingToArray': {
    make: customers,
    consume: async (pages: Customers) => (await pages.autoPagingToArray({ limit: 10 })).length,
    sees: 1,
  },
  'stripe, autoPagingEach': {
    make: customers,
    consume: async (pages: Customers) => {
      const ids: string[] = [];
      await pages.autoPagingEach(({ id }) => void ids.push(id));
      return ids;
    },
    sees: ['a'],
  },
  'stripe, for await': {
    make: customers,
    consume: async (pages: Customers) => {
      for await (const { id } of pages) return id;
      return undefined;
    },
    sees: 'a',
  },
};

for (const [name, client] of Object.entries(clients))
  test(`${name}: it works as without decorators and is recorded once`, worksOnce, client);

test('mongodb: a call ends when its cursor is closed, however it is read', async (t) => {
  const port = await listening(
    t,
    createTcpServer((socket) => socket.destroy()),
  );
  const client = new MongoClient(`mongodb://127.0.0.1:${port}`, { serverSelectionTimeoutMS: 50 });
  t.teardown(() => client.close());
  const users = client.db('app').collection('users');

  const failed = recordedCalls();
  await t.throwsAsync(failed.api.run(() => users.find()).toArray());
  t.deepEqual(failed.recorded(), failedOnce);

  const closed = recordedCalls();
  const cursor = closed.api.run(() => users.find());
  t.is(cursor.limit(1), cursor);
  t.deepEqual(closed.recorded(), inProgress);
  await cursor.close();
  t.deepEqual(closed.recorded(), once);
});

test('mongoose: a query is recorded by `then` and by `exec`', async (t) => {
  const connection = mongoose.createConnection();
  t.teardown(() => connection.close());
  const Offline = connection.model('Offline', new mongoose.Schema({ name: String }, { bufferTimeoutMS: 1 }));
  for (const consume of [async (query: Query) => await query, async (query: Query) => await query.exec()]) {
    const { api, recorded } = recordedCalls();
    const query = api.run(() => Offline.find({ name: 'a' }));
    t.deepEqual(query.getFilter(), { name: 'a' });
    t.deepEqual(recorded(), inProgress);
    await t.throwsAsync(consume(query), { message: /timed out/ });
    t.deepEqual(recorded(), failedOnce);
  }
});
