import { runFieldline } from './app.ts';

process.exitCode = await runFieldline(process.argv.slice(2));
// Whatever a library still holds open must not keep a finished command alive.
process.exit();
