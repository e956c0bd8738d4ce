import { optionalExport } from './optional-module.ts';
import { header, type Page } from './page.ts';

const source = 'cli/src/reference.ts';

/** The help text of every command. */
export const cliPage: Page = {
  path: 'docs/reference/cli.md',
  render: async () => {
    const commands = await optionalExport(source, 'commandReference');
    if (!Array.isArray(commands)) return undefined;
    const sections = (commands as [string, string][]).map(
      ([route, help]) => `\n## \`${route}\`\n\n\`\`\`text\n${help.trimEnd()}\n\`\`\`\n`,
    );
    return `${header('Command line', source)}
Every command: \`--help\`, \`--json\` for machines, progress on stderr only when it is a terminal, \`NO_COLOR\` respected.
Exit codes: 0 done, 1 failed, 2 usage or configuration error, 130 interrupted. Settings: defaults, then the file (YAML),
then the environment (\`FIELDLINE_…\`), then flags; the later one wins.
${sections.join('')}`;
  },
};
