/** The router of the app's own routes; in a row of `koa-router`, that package is written here. */
export { default as Router } from '@koa/router';
