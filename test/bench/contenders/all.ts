import platformatic from '@platformatic/prom-client';
import * as prometheusIo from '@prometheus-io/client';
import * as promClient from 'prom-client';
import type { Contender } from '../contender.js';
import { floor } from './floor.js';
import { openTelemetry } from './opentelemetry.js';
import { ours } from './ours.js';
import { promClientLike } from './prom-client-like.js';

type Client = Parameters<typeof promClientLike>[1];

/** The library that ratios refer to. */
const reference = promClientLike('prom-client', promClient);

export const contenders: readonly Contender[] = [
  ours,
  reference,
  promClientLike('@prometheus-io/client', prometheusIo as unknown as Client),
  promClientLike('@platformatic/prom-client', platformatic as unknown as Client),
  openTelemetry,
  floor,
];
