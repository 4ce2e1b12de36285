import test from 'ava';
import * as promClient from 'prom-client';
import { defineCounter, defineGauge, defineHistogram, defineSummary } from '../../../lib/define.js';
import { isInstrument } from '../../../lib/instruments/any-instrument.js';
import { createTestRegistry } from '../../../lib/testing.js';

test('an instrument of each type is recognized, and a metric of prom-client is not', (t) => {
  const registry = createTestRegistry();
  const options = { help: 'Help.' };
  for (const instrument of [
    registry.counter(defineCounter({ ...options, name: 'a_total' })),
    registry.gauge(defineGauge({ ...options, name: 'b' })),
    registry.histogram(defineHistogram({ ...options, name: 'c_seconds' })),
    registry.summary(defineSummary({ ...options, name: 'd_seconds' })),
  ])
    t.true(isInstrument(instrument), instrument.type);
  t.false(isInstrument(new promClient.Counter({ ...options, name: 'e_total', registers: [] })));
  t.false(isInstrument(undefined));
});
