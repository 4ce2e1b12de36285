/** The platform's metrics, all of them, in the order of the reference. */
import * as api from './api.js';
import * as health from './health.js';
import * as http from './http.js';
import * as method from './method.js';
import * as platform from './platform.js';
import * as provider from './provider.js';
import * as self from './self.js';
import * as workflow from './workflow.js';

/** The subjects under which the reference lists the metrics. */
export const catalogueSubjects = Object.freeze({
  workflow,
  provider,
  platform,
  api,
  http,
  health,
  method,
  self,
});

/** Every definition by its name in code: `catalogue.issuesProcessed` is `issues_processed_total`. */
export const catalogue = Object.freeze({
  ...workflow,
  ...provider,
  ...platform,
  ...api,
  ...http,
  ...health,
  ...method,
  ...self,
});
