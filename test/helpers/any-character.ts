import fc from 'fast-check';

const surrogates = { first: 0xd800, count: 0x800 };

/** Any character of Unicode, like fast-check's unit `binary`, which takes a second per process to list them all. */
export const anyCharacter = fc
  .nat(0x10_ffff - surrogates.count)
  .map((index) => String.fromCodePoint(index < surrogates.first ? index : index + surrogates.count));
