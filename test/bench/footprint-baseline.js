// What the agent's memory is measured beside: a bare process with the two libraries that any agent needs.
import 'mqtt';
import 'serialport';

setInterval(() => undefined, 60_000);
