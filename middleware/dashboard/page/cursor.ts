import { createStore } from './store.js';

/** The time under the pointer, in unix seconds, shared by all charts. `undefined`: the pointer is on no chart. */
export const cursorTime = createStore<number | undefined>(undefined);
