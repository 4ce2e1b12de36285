/** Requests, in and out, of a service that drives no git platforms. */
import { apiRequests } from '../../catalogue/api.js';
import { httpServerRequestDuration } from '../../catalogue/http.js';
import type { BundleSettings } from '../settings.js';
import type { Board } from './board.js';
import { apiRow, httpRow, httpSizeRow } from './http-rows.js';
import { boardQueries } from './queries.js';
import { labelVariable, targetVariables } from './variables.js';

export function httpBoard(settings: BundleSettings): Board {
  const labels = [
    labelVariable('route', 'Route', httpServerRequestDuration),
    labelVariable('service', 'Outbound service', apiRequests),
  ];
  const queries = boardQueries(labels.map(({ name }) => name));
  return {
    name: 'http',
    title: 'HTTP',
    description: 'Requests that the service answers, and those that it sends to others.',
    variables: [...targetVariables(settings), ...labels],
    rows: [httpRow(queries), httpSizeRow(queries), apiRow(queries, ['service'])],
  };
}
