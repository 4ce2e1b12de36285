/** The writer of the protobuf format, in a file of its own: most programs are scraped as text, and need not load it. */
import type { FamilyWriter } from './family-writer.js';
import type { ScrapeFormat } from './format.js';
import { writeProtobufInstrument } from './protobuf.js';
import { writeProtobufFamily } from './protobuf-third-party.js';

export function protobufWriter(format: ScrapeFormat): FamilyWriter {
  return {
    instrument: writeProtobufInstrument,
    thirdParty: (out, family, samples, options) =>
      writeProtobufFamily(out, family, samples, { ...options, format }),
    end: '',
  };
}
