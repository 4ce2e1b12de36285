/** Loaded into the example service before it starts: adds EXPORT_SERIES series to its registry. */
import { sharedRegistry } from '../../lib/registry.js';
import { fillCatalogue } from './catalogue-fill.js';

fillCatalogue(sharedRegistry, Number(process.env.EXPORT_SERIES));
