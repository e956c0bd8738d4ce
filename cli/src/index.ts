export { runFieldline } from './app.ts';
export { commandReference } from './reference.ts';
