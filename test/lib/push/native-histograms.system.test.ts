/** A Pushgateway takes native histograms by protobuf, and passes them on. */
import { defineHistogram } from '../../../lib/define.js';
import { startPush } from '../../../lib/push/pushgateway.js';
import { createTestRegistry } from '../../../lib/testing.js';
import { decodeProtobuf, nativeBucketsOf } from '../../helpers/decode-protobuf.js';
import { testWithBoth } from '../../helpers/programs.js';
import { startPushgateway } from '../../helpers/pushgateway.js';

const accept = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';

testWithBoth(
  ['pushgateway'],
  'a Pushgateway exposes pushed native histograms with all their buckets',
  async (t, { pushgateway: program }) => {
    const gateway = await startPushgateway({ program });
    t.teardown(() => gateway.stop());
    const registry = createTestRegistry();
    const wait = registry.histogram(defineHistogram({ name: 'wait_seconds', help: 'Wait.', native: {} }));
    for (const value of [1, 2, 2, -8, 0]) wait.observe(value);
    const push = startPush({
      url: gateway.url,
      registry,
      format: 'protobuf',
      intervalSeconds: 3_600,
      timeoutSeconds: 60,
    });
    t.teardown(() => push.stop({ deadlineSeconds: 0 }));
    t.true(await push.pushNow());
    const response = await fetch(`${gateway.url}/metrics`, { headers: { accept } });
    const families = decodeProtobuf(Buffer.from(await response.arrayBuffer()));
    const { histogram } = families.find(({ name }) => name === 'wait_seconds')?.metric?.[0] ?? {};
    t.is(histogram?.sampleCount, '5');
    t.is(histogram?.sampleSum, -3);
    t.is(histogram?.zeroCount, '1');
    t.deepEqual(
      nativeBucketsOf(histogram?.positiveSpan, histogram?.positiveDelta),
      wait.with({}).native?.positive,
    );
    t.deepEqual(
      nativeBucketsOf(histogram?.negativeSpan, histogram?.negativeDelta),
      wait.with({}).native?.negative,
    );
  },
);
