/**
 * Holds the tree to formatter, linter, type checkers and the tidy rules: `npm run check [-- NAME…]`. One line a
 * checker; where one fails, what it said. Exits 1 then.
 */
import { checkers, runCheck, type Checker } from './check/checkers.ts';

/** Checkers that run at once: the linter alone keeps one core busy. */
const parallel = 2;

process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;

async function main(names: readonly string[]): Promise<boolean> {
  const unknown = names.filter((name) => !checkers.some((checker) => checker.name === name));
  if (unknown.length > 0) {
    console.error(
      `No such check: ${unknown.join(', ')}. There are: ${checkers.map(({ name }) => name).join(', ')}`,
    );
    return false;
  }
  const queue = checkers.filter(({ name }) => names.length === 0 || names.includes(name));
  // The linter takes longest: it starts first, so that the others fit beside it.
  queue.sort((a, b) => Number(b.name === 'lint') - Number(a.name === 'lint'));
  const verdicts: boolean[] = [];
  await Promise.all(Array.from({ length: parallel }, () => work(queue, verdicts)));
  return verdicts.every(Boolean);
}

async function work(queue: Checker[], verdicts: boolean[]): Promise<void> {
  for (let checker = queue.shift(); checker; checker = queue.shift()) verdicts.push(await report(checker));
}

async function report({ name, command }: Checker): Promise<boolean> {
  const { passed, output, seconds } = await runCheck(command);
  console.log(`${passed ? 'ok    ' : 'FAILED'} ${name.padEnd(8)} ${seconds.toFixed(1).padStart(5)} s`);
  if (!passed) console.log(`${output.trimEnd()}\n`);
  return passed;
}
