/** Writes families in any format. */
import type { AnyInstrument } from '../instruments/any-instrument.js';
import type { MetricSnapshot, Sample } from '../instruments/instrument.js';
import type { ByteWriter } from './byte-writer.js';
import { type ExpositionFormat, isTextFormat, type ScrapeFormat, type WrittenType } from './format.js';
import { type ConstantLabels, type ThirdPartyOptions, thirdPartyText } from './third-party-family.js';
import { chunkLength, writeInstrument } from './writer.js';

/** Its methods yield whenever a chunk is full, so that the caller can take it and let the event loop turn. */
export interface FamilyWriter {
  instrument(
    out: ByteWriter,
    instrument: AnyInstrument,
    constant: ConstantLabels,
    type: WrittenType,
  ): Generator<void>;
  /** A third-party metric, or one of a cluster. The snapshot is not modified. */
  thirdParty(
    out: ByteWriter,
    family: Pick<MetricSnapshot, 'name' | 'help'>,
    samples: Iterable<Sample>,
    options: Omit<ThirdPartyOptions, 'format'>,
  ): Generator<void>;
  /** The end of a scrape. */
  readonly end: string;
}

/** A format that is not text, whose writer is loaded by the first scrape in it. */
export interface BinaryFormat extends ScrapeFormat {
  /** Value of the label `format` of the metrics about scrapes. */
  readonly label: 'protobuf';
  /** @internal */
  readonly loadWriter: () => Promise<FamilyWriter>;
}

/** Any format of a scrape. */
export type AnyFormat = ExpositionFormat | BinaryFormat;

export async function familyWriter(format: AnyFormat): Promise<FamilyWriter> {
  return isTextFormat(format) ? textWriter(format) : format.loadWriter();
}

function textWriter(format: ExpositionFormat): FamilyWriter {
  return {
    instrument: (out, instrument, constant, type) => writeInstrument(out, instrument, format, constant, type),
    *thirdParty(out, family, samples, options) {
      for (const piece of thirdPartyText(family, samples, { ...options, format })) {
        out.text(piece);
        if (piece === '' || out.length >= chunkLength) yield;
      }
    },
    end: format.end,
  };
}
