import { errorRegistry } from '@fieldline/protocol';
import { stages } from '../tidy/error-codes.ts';
import { header, table, type Page } from './page.ts';

/** Every error of the registry, by stage and number. */
export const errorsPage: Page = {
  path: 'docs/reference/errors.md',
  render: async () => {
    const entries = Object.entries(errorRegistry).map(([code, entry]) => ({ code, ...entry }));
    const sections = stages.map(({ stage, from, to }) => {
      const own = entries.filter(({ number }) => number >= from && number <= to);
      if (own.length === 0) return '';
      const rows = own
        .sort((a, b) => a.number - b.number)
        .map(({ number, code, title, remedy }) => [
          String(number),
          `<a id="${code}"></a>\`${code}\``,
          title,
          remedy,
        ]);
      return `\n## ${stage} (${from} to ${to})\n\n${table(['number', 'code', 'what happened', 'what to do'], rows)}`;
    });
    return `${header('Errors', 'protocol/src/errors/codes')}
A code means the same in messages, logs, problem documents of the API and dead letters. Numbers are never reused.
${sections.join('')}`;
  },
};
