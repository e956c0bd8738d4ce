import { keyTable, type Schema } from './config-page.ts';
import { optionalExport } from './optional-module.ts';
import { header, table, type Page } from './page.ts';

interface Transform {
  readonly name: string;
  readonly summary: string;
  readonly settings: Schema;
  readonly reasons: readonly { readonly reason: string; readonly of: string; readonly outcome: string }[];
}

interface Unit {
  readonly unit: string;
  readonly base: string;
  readonly scale: number;
  readonly offset: number;
}

const source = 'edge/src/transforms/registry.ts';

const introduction = `What an agent does to readings before they are aggregated. \`sensors[].streams.NAME.transforms\` of its
configuration is a list of stages, each an object with one key, the name of the transform; they run in the order of the list. Unknown
keys fail. [Clean and calibrate](../guides/clean-and-calibrate.md) tells when to use which.

A stage may remember earlier readings (\`spike\`, \`stuck\`, \`deadband\`, \`swinging-door\`, \`dedupe\`, \`rate\`). It remembers them in memory only: after a
restart or a change of the sensor's configuration it begins anew, and so it does when the source was interrupted (a port that was gone, samples that were
missed), since what comes after a gap does not continue what came before it.`;

const qualities = `
## Reasons and qualities

A reading that a stage drops is \`filtered\` in the ledger, under its reason; one that it marks goes on with a lesser quality, counted under
\`marked-\` and the reason. Both stand in the answer to the command \`stats\`. The quality travels with the reading (column \`q\` of a
batch, field \`QUANTITY_quality\` in InfluxDB): 0 good, 1 uncertain, 2 bad. It never gets better on its way.

Windows have no quality: uncertain readings count in them, bad ones do not, and are filtered as \`bad-quality\`.

`;

const always = [
  ['non-finite', 'every stream', 'a value of NaN, or too large for a number', 'dropped'],
  ['bad-quality', 'streams with windows', 'a value that was marked as bad', 'dropped'],
  [
    'week-rollover',
    '`gnss` with `time: receiver`',
    "a fix whose time was moved on by whole rollovers of the receiver's week counter (`dateFloor`)",
    'uncertain',
  ],
];

/** Every transform with its keys, the reasons under which they count, and the units that are converted. */
export const transformsPage: Page = {
  path: 'docs/reference/transforms.md',
  render: async () => {
    const transforms = await optionalExport(source, 'transforms');
    const units = await optionalExport('edge/src/transforms/units/unit-table.ts', 'unitTable');
    if (!Array.isArray(transforms) || !Array.isArray(units)) return undefined;
    const known = transforms as readonly Transform[];
    const sections = known.map(({ name, summary, settings }) => {
      return `\n## \`${name}\`\n\n${summary}\n\n${keyTable(settings, {})}`;
    });
    const text = `${header('Transforms', source)}\n${introduction}\n${sections.join('')}`;
    return text + qualities + reasonTable(known) + unitSection(units as readonly Unit[]);
  },
};

function reasonTable(transforms: readonly Transform[]): string {
  const rows = transforms.flatMap(({ name, reasons }) =>
    reasons.map(({ reason, of, outcome }) => [`\`${reason}\``, `\`${name}\``, of, outcome]),
  );
  const given = always.map(([reason = '', ...rest]) => [`\`${reason}\``, ...rest]);
  return table(['reason', 'transform', 'said of', 'outcome'], [...given, ...rows]);
}

function unitSection(units: readonly Unit[]): string {
  const rows = units.map(({ unit, base, scale, offset }) => {
    const shift = offset === 0 ? '' : ` ${offset < 0 ? '-' : '+'} ${digits(Math.abs(offset))}`;
    return [`\`${unit}\``, `\`${base}\``, unit === base ? '' : `value · ${digits(scale)}${shift}`];
  });
  const text = 'Units of one base convert to one another; what travels is a unit of the SenML registry.';
  return `\n## Units that \`units\` converts\n\n${text}\n\n${table(['unit', 'base', 'in the base'], rows)}`;
}

function digits(value: number): string {
  return String(Number(value.toPrecision(12)));
}
