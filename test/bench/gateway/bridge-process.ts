/**
 * The peer: the smallest bridge from MQTT to InfluxDB that loses nothing while it runs, as one writes it with
 * mqtt.js: one subscription with QoS 1, a line a message, a request every 50 ms or 5000 lines.
 */
import { Agent, request } from 'node:http';
import mqtt from 'mqtt';

const [mqttUrl = '', influxUrl = '', database = ''] = process.argv.slice(2);
const flushMs = 50;
const linesPerRequest = 5000;

const agent = new Agent({ keepAlive: true, maxSockets: 2 });
const target = new URL(`${influxUrl}/write?db=${database}&precision=u`);
let lines: string[] = [];

const client = mqtt.connect(mqttUrl, { clientId: 'bridge', queueQoSZero: false });
client.on('message', (topic, payload) => {
  const device = topic.split('/')[1] ?? '';
  const { t, v } = JSON.parse(payload.toString()) as { t: number; v: number };
  lines.push(`thermometer,device=${device},sensor=air temperature=${v} ${t}`);
  if (lines.length >= linesPerRequest) flush();
});
client.once('connect', () => {
  client.subscribe('bench/+/temperature', { qos: 1 }, () => process.send?.('ready'));
});
setInterval(flush, flushMs);

function flush(): void {
  if (lines.length === 0) return;
  const body = lines.join('\n');
  lines = [];
  const post = request(target, { method: 'POST', agent }, (response) => {
    if (response.statusCode !== 204) throw new Error(`InfluxDB answered ${response.statusCode ?? 0}`);
    response.resume();
  });
  post.end(body);
}
