/** The router of the app's own routes. In a row of `koa-router`, this file imports that package instead. */
export { default as Router } from '@koa/router';
