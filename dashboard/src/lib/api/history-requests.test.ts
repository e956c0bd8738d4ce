import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HistoryRequests } from './history-requests.ts';

const range = { fromUs: 1_000, toUs: 61_000, points: 10, quantiles: false };
const problem = { title: 'Too many readings.', detail: '' };

let server: Server;
let asked: URLSearchParams[];
/** A stream that is refused, alone or with others. */
let refused: string;

/** Answers as the gateway does: a list for several streams, in which unknown ones are missing. */
beforeEach(async () => {
  asked = [];
  refused = '';
  server = createServer((request, response) => {
    const query = new URL(request.url ?? '', 'http://gateway').searchParams;
    asked.push(query);
    const streams = query.getAll('stream');
    const known = streams.filter((stream) => !stream.startsWith('unknown'));
    const status = streams.includes(refused) ? 422 : known.length === 0 ? 404 : 200;
    const series = known.map((stream) => ({ stream, t: [] }));
    const body = status === 200 ? (streams.length === 1 ? series[0] : { series }) : problem;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { fetch } = globalThis;
  vi.stubGlobal('fetch', (path: string, options: RequestInit) =>
    fetch(new URL(path, `http://127.0.0.1:${port}`), options),
  );
});
afterEach(() => {
  vi.unstubAllGlobals();
  server.closeAllConnections();
  server.close();
});

test('streams of one range share a request, each gets its own answer', async () => {
  const requests = new HistoryRequests(() => 0);
  const answers = await Promise.all(['a/b/c', 'd/e/f', 'a/b/c'].map((stream) => requests.ask(stream, range)));
  expect(answers.map((answer) => answer.ok && answer.value.stream)).toEqual(['a/b/c', 'd/e/f', 'a/b/c']);
  expect(asked.map(String)).toEqual([
    'stream=a%2Fb%2Fc&stream=d%2Fe%2Ff&from=1000&to=61000&points=10&quantiles=false',
  ]);
});

test('another range, and another turn, are requests of their own; one stream is asked for alone', async () => {
  const requests = new HistoryRequests(() => 0);
  const first = requests.ask('a/b/c', range);
  const other = requests.ask('d/e/f', { ...range, points: 11 });
  await Promise.all([first, other]);
  expect((await requests.ask('a/b/c', { ...range, quantiles: true })).ok).toBe(true);
  expect(asked.map((query) => query.getAll('stream'))).toEqual([['a/b/c'], ['d/e/f'], ['a/b/c']]);
  expect(asked[2]?.has('quantiles')).toBe(false);
});

test('more streams than an address holds are several requests', async () => {
  const requests = new HistoryRequests(() => 0);
  const names = Array.from({ length: 50 }, (_, index) => `${'d'.repeat(60)}/${'s'.repeat(60)}/q${index}`);
  const answers = await Promise.all(names.map((name) => requests.ask(name, range)));
  expect(answers.map((answer) => answer.ok && answer.value.stream)).toEqual(names);
  expect(asked.map((query) => query.getAll('stream').length)).toEqual([24, 24, 2]);
});

test('what is refused or unknown for one stream does not take the others with it', async () => {
  const requests = new HistoryRequests(() => 0);
  refused = 'd/e/f';
  const names = ['a/b/c', 'd/e/f', 'unknown/e/f', 'g/h/i'];
  const answers = await Promise.all(names.map((name) => requests.ask(name, range)));
  expect(answers.map((answer) => (answer.ok ? answer.value.stream : answer.status))).toEqual([
    ...['a/b/c', 422, 404, 'g/h/i'],
  ]);
  refused = '';
  const [known, unknown] = await Promise.all([
    requests.ask('a/b/c', range),
    requests.ask('unknown/e/f', range),
  ]);
  expect([known.ok, unknown.ok]).toEqual([true, false]);
});

test('a gateway that does not answer is told to all, and not asked again for each', async () => {
  const requests = new HistoryRequests(() => 0);
  server.close();
  const answers = await Promise.all(['a/b/c', 'd/e/f'].map((name) => requests.ask(name, range)));
  expect(answers.map((answer) => answer.ok)).toEqual([false, false]);
  expect(asked).toEqual([]);
});

test('the moment is the same within a turn, and another in the next one', async () => {
  let nowUs = 5;
  const requests = new HistoryRequests(() => nowUs++);
  expect([requests.momentUs(), requests.momentUs()]).toEqual([5, 5]);
  await Promise.resolve();
  expect(requests.momentUs()).toBe(6);
});
