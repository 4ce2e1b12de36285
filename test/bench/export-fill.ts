/** Loaded into the example service before it starts: gives its registry as many series as EXPORT_SERIES says. */
import { sharedRegistry } from '../../lib/registry.js';
import { fillCatalogue } from './catalogue-fill.js';

fillCatalogue(sharedRegistry, Number(process.env.EXPORT_SERIES));
