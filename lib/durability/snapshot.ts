/**
 * Writes the state of a registry as text, and reads it: OpenMetrics 1.0.0, so that people and tools can read it too. After the
 * metrics follow the shape of each, the time of the snapshot, a checksum and `# EOF`. Nothing here accesses a file.
 *
 *     # TYPE jobs counter
 *     # HELP jobs Jobs done.
 *     jobs_total{queue="a"} 5
 *     jobs_created{queue="a"} 1764036000
 *     # TYPE metrics_snapshot_family info
 *     metrics_snapshot_family_info{metric="jobs_total",shape="counter {queue}",seen="1764036015"} 1
 *     # TYPE metrics_snapshot_written_timestamp_seconds gauge
 *     metrics_snapshot_written_timestamp_seconds 1764036015.25
 *     # TYPE metrics_snapshot info
 *     metrics_snapshot_info{format="1",sha256="…"} 1
 *     # EOF
 */
import { createHash } from 'node:crypto';
import { ByteWriter } from '../exposition/byte-writer.js';
import { labelText, numberText } from '../exposition/format.js';
import { openMetricsFormat, openMetricsWithCreated } from '../exposition/open-metrics.js';
import { readSampleLine, type SampleLine } from '../exposition/sample-line.js';
import { chunkLength, writeInstrument } from '../exposition/writer.js';
import { boundLabel, type Family, familyBuilder } from '../family.js';
import type { AnyInstrument } from '../instruments/any-instrument.js';
import type { Series } from '../instruments/branch.js';
import { Histogram } from '../instruments/histogram.js';
import { HistogramSeries } from '../instruments/histogram-series.js';
import { flatBuckets, type NativeBuckets, readFlatBuckets } from '../instruments/native-buckets.js';

/** One metric of a snapshot as text: {@link readFamily} reads it when its definition is known. */
export interface SnapshotFamily {
  /** Name of the definition. */
  readonly metric: string;
  /** See {@link durableShape}. */
  readonly shape: string;
  /** When a process last defined this metric, in whole seconds since 1970. */
  readonly seen: number;
  /** Its lines, including comments. */
  readonly text: string;
}

/** A complete snapshot. */
export interface Snapshot {
  /** When writing it started, in seconds since 1970. */
  readonly written: number;
  readonly families: readonly SnapshotFamily[];
}

/** Why a file is not a complete snapshot. */
export interface SnapshotDamage {
  readonly damage: string;
}

export interface EncodeOptions {
  readonly instruments: readonly AnyInstrument[];
  /** Families of an earlier snapshot whose metrics are not defined yet; written again unchanged. */
  readonly unclaimed: readonly SnapshotFamily[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * With negative sums, which OpenMetrics forbids, so that nothing is lost. Without exemplars, whose traces are of before the
 * restart.
 */
const snapshotFormat = { ...openMetricsWithCreated, hasNegativeSums: true, hasExemplars: false };

// These names and texts are part of the format: files of earlier versions have them.
const familyInfo = 'metrics_snapshot_family';
const writtenAt = 'metrics_snapshot_written_timestamp_seconds';
const format = '1';

const nativeSuffix = '_native';
const nativeShape = ' native';

const familyHeader = `# TYPE ${familyInfo} info\n# HELP ${familyInfo} Metrics of this snapshot, and what a definition must have to take them over.\n`;
const writtenHeader = `# TYPE ${writtenAt} gauge\n# UNIT ${writtenAt} seconds\n# HELP ${writtenAt} When this snapshot was taken.\n`;
const checksumHeader =
  '# TYPE metrics_snapshot info\n# HELP metrics_snapshot Checksum of all lines above this family.\n';

/** Whether a snapshot includes an instrument: a gauge only if its definition says `restore: true`. */
export function isDurable({ definition }: AnyInstrument): boolean {
  return definition.type !== 'gauge' || definition.restore;
}

/**
 * What must be the same for an instrument to continue from a snapshot: type, labels, and the buckets of a histogram. Help,
 * closed sets, limits and budgets may change.
 */
export function durableShape(instrument: AnyInstrument): string {
  const bounds = instrument instanceof Histogram ? ` le ${instrument.buckets.join(', ')}` : '';
  const native = instrument instanceof Histogram && instrument.native !== undefined ? nativeShape : '';
  return `${instrument.type} {${instrument.labelNames.join(', ')}}${bounds}${native}`;
}

/**
 * Whether an instrument can continue from a family of a shape: the same, or a native histogram's with the same classic buckets. The
 * other way round, its native buckets would lack observations.
 */
export function canContinue(instrument: AnyInstrument, shape: string): boolean {
  const own = durableShape(instrument);
  return shape === own || shape === `${own}${nativeShape}`;
}

/** The line with the native buckets of a series, as a list in a label. It is a family of its own, without metadata. */
function nativeLine(instrument: AnyInstrument, series: Series): string | undefined {
  const native = series instanceof HistogramSeries ? series.native : undefined;
  if (native === undefined) return undefined;
  const values = JSON.stringify(instrument.series.valuesOf(series));
  const labels = [labelText('series', values), labelText('native', flatBuckets(native).join(' '))];
  return `${instrument.name}${nativeSuffix}{${labels.join(',')}} 1\n`;
}

/** The native buckets of a family, by the label values of their series as JSON. */
function nativesOf(name: string, family: SnapshotFamily): Map<string, NativeBuckets> {
  const natives = new Map<string, NativeBuckets>();
  for (const sample of samplesOf(family)) {
    if (sample.name !== `${name}${nativeSuffix}`) continue;
    const native = readFlatBuckets((sample.labels.get('native') ?? '').split(' ').map(Number));
    if (native !== undefined) natives.set(sample.labels.get('series') ?? '', native);
  }
  return natives;
}

/** The text of a snapshot, in chunks; the caller should yield to the event loop in between. */
export function* encodeSnapshot({ instruments, unclaimed, now }: EncodeOptions): Generator<Buffer> {
  const hash = createHash('sha256');
  const out = new ByteWriter(chunkLength + chunkLength / 4);
  const taken = (): Buffer => {
    const chunk = out.take();
    hash.update(chunk);
    return chunk;
  };
  const seen = Math.floor(now / 1_000);
  const rows: string[] = [];
  const row = (metric: string, shape: string, at: number): void => {
    const labels = [labelText('metric', metric), labelText('shape', shape), labelText('seen', String(at))];
    rows.push(`${familyInfo}_info{${labels.join(',')}} 1\n`);
  };
  for (const instrument of instruments) {
    if (!isDurable(instrument) || instrument.series.size === 0) continue;
    // After the family, since families must not be mixed, and from the same moment as the rest of their series.
    const natives: string[] = [];
    const onSeries = (series: Series): void => {
      const line = nativeLine(instrument, series);
      if (line !== undefined) natives.push(line);
    };
    for (const _ of writeInstrument(out, instrument, snapshotFormat, undefined, undefined, onSeries))
      yield taken();
    out.text(natives.join(''));
    row(instrument.name, durableShape(instrument), seen);
  }
  for (const { metric, shape, seen: at, text } of unclaimed) {
    out.text(text);
    row(metric, shape, at);
    if (out.length >= chunkLength) yield taken();
  }
  out.text(`${familyHeader}${rows.join('')}${writtenHeader}${writtenAt} ${numberText(now / 1_000)}\n`);
  yield taken();
  out.text(
    `${checksumHeader}metrics_snapshot_info{format="${format}",sha256="${hash.digest('hex')}"} 1\n${openMetricsFormat.end}`,
  );
  yield out.take();
}

/** Reads a snapshot. Any changed bit is damage. Never throws. */
export function decodeSnapshot(bytes: Buffer): Snapshot | SnapshotDamage {
  const end = bytes.lastIndexOf(checksumHeader);
  if (end === -1) return { damage: 'it is cut off, or not a snapshot: it has no checksum' };
  const tail = bytes.toString('utf8', end + checksumHeader.length);
  const [, found, checksum] =
    /^metrics_snapshot_info\{format="(\d+)",sha256="([0-9a-f]{64})"\} 1\n# EOF\n$/.exec(tail) ?? [];
  if (checksum === undefined) return { damage: 'its end is cut off or damaged' };
  const body = bytes.subarray(0, end);
  if (createHash('sha256').update(body).digest('hex') !== checksum)
    return { damage: 'its checksum does not match' };
  if (found !== format) return { damage: `its format is ${found}, expected ${format}` };
  return readBody(body.toString('utf8'));
}

/** Reads the series of a family. @param instrument one with the shape of the family */
export function readFamily(instrument: AnyInstrument, family: SnapshotFamily): Family {
  const { name, type, labelNames } = instrument;
  const base = type === 'counter' ? name.replace(/_total$/, '') : name;
  const bounded = boundLabel(type);
  const builder = familyBuilder(instrument, labelNames);
  for (const sample of samplesOf(family)) {
    if (sample.name === `${name}${nativeSuffix}`) continue;
    const suffix = sample.name === name ? '' : sample.name.slice(base.length);
    const bound = bounded === undefined ? undefined : sample.labels.get(bounded);
    builder.add(
      new Map(labelNames.map((label) => [label, sample.labels.get(label) ?? ''])),
      bound === undefined ? [suffix] : [suffix, bound === '+Inf' ? bound : Number(bound)],
      sample.value,
    );
  }
  const read = builder.family();
  const natives = nativesOf(name, family);
  const series = read.series.map((each) => {
    const native = natives.get(JSON.stringify(each.values));
    return { ...each, values: each.values.map(copied), ...(native && { native }) };
  });
  return { ...read, series };
}

/** A copy of a part of a file, which would keep the whole file in memory. */
export function copied(text: string): string {
  return Buffer.from(text).toString();
}

/** The samples of a family. Invalid lines cannot occur, since the checksum was verified. */
export function* samplesOf({ text }: SnapshotFamily): Generator<SampleLine> {
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) continue;
    const sample = readSampleLine(line);
    if (sample !== undefined) yield sample;
  }
}

/** The families and the time of a body whose checksum matches. */
function readBody(body: string): Snapshot | SnapshotDamage {
  // Not `^`, for which a carriage return in a label value starts a line too.
  const blocks = body.split(/(?<=\n)(?=# TYPE )/);
  const [rows, written] = blocks.slice(-2);
  if (rows?.startsWith(familyHeader) !== true || written?.startsWith(writtenHeader) !== true)
    return { damage: 'it does not end with the families of a snapshot' };
  const time = readSampleLine(written.slice(writtenHeader.length).trimEnd());
  const infos = rows.slice(familyHeader.length).split('\n').filter(Boolean).map(readSampleLine);
  const texts = blocks.slice(0, -2);
  if (time === undefined || infos.length !== texts.length)
    return { damage: 'its families are not the listed ones' };
  const families = infos.map((info, index) => ({
    metric: info?.labels.get('metric') ?? '',
    shape: info?.labels.get('shape') ?? '',
    seen: Number(info?.labels.get('seen')),
    text: texts[index] ?? '',
  }));
  return { written: time.value, families };
}
