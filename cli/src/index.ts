export { runFieldline } from './app.ts';
