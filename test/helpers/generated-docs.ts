/** The documents that are generated from the code: `npm run docs` writes them, `test/docs` checks that they are up to date. */
import { matrixTable } from '../matrix/table.js';
import { withGenerated } from './between-markers.js';
import { catalogueReference } from './catalogue-reference.js';
import { configReference } from './config-reference.js';
import { storyReference } from './story-reference.js';
import { thirdPartyLicences } from './third-party-licences.js';

export interface GeneratedDocument {
  /** Path from the root of the package. */
  readonly file: string;
  readonly content: () => string;
}

export const generatedDocuments: readonly GeneratedDocument[] = [
  { file: 'lib/catalogue/README.md', content: catalogueReference },
  { file: 'lib/config.md', content: configReference },
  { file: 'test/story/README.md', content: storyReference },
  { file: 'THIRD-PARTY-LICENSES.md', content: thirdPartyLicences },
  { file: 'CONTRIBUTING.md', content: () => withGenerated('CONTRIBUTING.md', 'matrix', matrixTable()) },
];
