import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { FieldlineError } from '@fieldline/protocol';
import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import type { AgentConfig } from './agent-config.ts';
import type { AgentFile } from './agent-schema.ts';
import { checkShape } from './check-shape.ts';
import { ConfigError } from './config-error.ts';
import { formatPath, type ConfigPath, type ConfigProblem } from './config-problem.ts';
import { applyEnvironment, type Environment } from './environment.ts';
import { resolveConfig } from './resolve.ts';

/** Configuration files above this are refused, in bytes. */
const fileMaxBytes = 1024 * 1024;
/** Problems that one message lists. */
const problemsShownMax = 10;

/**
 * Reads an agent's YAML file; the environment (`FIELDLINE_…`) overrides it. Throws FieldlineError
 * `CONFIG_UNREADABLE`, `CONFIG_NOT_YAML`, `CONFIG_UNKNOWN_KEY` or `CONFIG_INVALID_VALUE`, each with file and
 * line.
 */
export async function loadAgentConfig(
  path: string,
  environment: Environment = process.env,
): Promise<AgentConfig> {
  const text = await readText(path);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [syntaxError] = document.errors;
  if (syntaxError) {
    const { line, col } = lines.linePos(syntaxError.pos[0]);
    throw new FieldlineError('CONFIG_NOT_YAML', {
      subject: `${path}:${line}:${col}`,
      detail: `${syntaxError.message}.`,
    });
  }
  const value = applyEnvironment(withoutEmptySections(document.toJS({ maxAliasCount: 100 })), environment);
  const shape = checkShape(value);
  const locate = (at: ConfigPath): string => position(path, document, lines, at);
  if (!shape.ok) throw toError(shape.problems, locate);
  const directory = dirname(resolve(path));
  const password = await readPassword(shape.file, directory, locate);
  const { config, problems } = resolveConfig(shape.file, { directory, password, environment });
  if (problems.length > 0) throw toError(problems, locate);
  return config;
}

/** A section of which every key is commented out is null in YAML, and means that its defaults hold. */
export function withoutEmptySections(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, section]) => section !== null));
}

/** Reads a configuration file. Throws CONFIG_UNREADABLE, for one that is too large as well. */
export async function readText(path: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    const detail = cause instanceof Error ? `${cause.message}.` : '';
    throw new FieldlineError('CONFIG_UNREADABLE', { subject: path, detail, cause });
  }
  if (bytes.length > fileMaxBytes) {
    throw new FieldlineError('CONFIG_UNREADABLE', {
      subject: path,
      detail: `It is larger than ${fileMaxBytes} bytes.`,
    });
  }
  return bytes.toString('utf8');
}

async function readPassword(
  file: AgentFile,
  directory: string,
  locate: (path: ConfigPath) => string,
): Promise<string> {
  const { password, passwordFile, claim } = file.gateway;
  if ([password, passwordFile, claim].filter((each) => each !== undefined).length !== 1) {
    const reason = 'Give either `password` or `passwordFile` or `claim`.';
    throw toError([{ code: 'CONFIG_INVALID_VALUE', path: ['gateway'], reason }], locate);
  }
  if (passwordFile === undefined) return password ?? '';
  const text = await readText(resolve(directory, passwordFile));
  return text.trim();
}

/** One error for all problems: it carries the code of the first. */
function toError(problems: readonly ConfigProblem[], locate: (path: ConfigPath) => string): ConfigError {
  const unique = [
    ...new Map(problems.map((each) => [`${formatPath(each.path)} ${each.reason}`, each])).values(),
  ];
  const [first] = unique;
  if (first === undefined) throw new TypeError('an error needs a problem');
  const others = unique.slice(1, problemsShownMax).map((each) => `${locate(each.path)}: ${each.reason}`);
  const more = unique.length > problemsShownMax ? [`… and ${unique.length - problemsShownMax} more.`] : [];
  return new ConfigError(first.code, {
    subject: locate(first.path),
    detail: [first.reason, ...others, ...more].join('\n  '),
    problems: unique,
  });
}

/** `file:line:column key.path`: of the nearest part of the path that stands in the file. */
function position(file: string, document: Document, lines: LineCounter, path: ConfigPath): string {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    const start = isNode(node) ? node.range?.[0] : undefined;
    if (start === undefined) continue;
    const { line, col } = lines.linePos(start);
    return `${file}:${line}:${col} ${formatPath(path)}`.trim();
  }
  return `${file} ${formatPath(path)}`.trim();
}
