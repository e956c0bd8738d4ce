import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { FieldlineError } from '@fieldline/protocol';
import { LineCounter, parseDocument } from 'yaml';
import { checkOptions } from './check-options.ts';
import { overlayEnvironment } from './environment.ts';
import type { GatewayOptions } from './gateway-schema.ts';

/** Configuration files above this are refused, in bytes. */
const fileBytesMax = 1024 * 1024;

/**
 * Reads the gateway's YAML file, if one is named, and lays the environment (`FIELDLINE_…`) over it: the
 * options for `startGateway`. Throws CONFIG_UNREADABLE, CONFIG_NOT_YAML, CONFIG_UNKNOWN_KEY or
 * CONFIG_INVALID_VALUE.
 */
export async function loadGatewayConfig(
  path?: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<GatewayOptions> {
  const options = path === undefined ? {} : await readOptions(path);
  return overlayEnvironment(options, environment);
}

async function readOptions(path: string): Promise<GatewayOptions> {
  const options = checkOptions(parseYaml(await readText(path), path), path);
  const directory = dirname(resolve(path));
  const { tls } = options;
  const files = ['certificateFile', 'keyFile'] as const;
  const resolved = files.flatMap((key) => {
    const path = tls?.[key];
    return path === undefined ? [] : [[key, resolve(directory, path)] as const];
  });
  return {
    ...options,
    ...(tls && { tls: { ...tls, ...Object.fromEntries(resolved) } }),
    ...(options.home === undefined ? {} : { home: resolve(directory, options.home) }),
    ...(options.dashboardDirectory === undefined
      ? {}
      : { dashboardDirectory: resolve(directory, options.dashboardDirectory) }),
  };
}

async function readText(path: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    if (bytes.length <= fileBytesMax) return bytes.toString('utf8');
  } catch (cause) {
    const detail = cause instanceof Error ? `${cause.message}.` : '';
    throw new FieldlineError('CONFIG_UNREADABLE', { subject: path, detail, cause });
  }
  throw new FieldlineError('CONFIG_UNREADABLE', {
    subject: path,
    detail: `It is larger than ${fileBytesMax} bytes.`,
  });
}

function parseYaml(text: string, path: string): unknown {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const [error] = document.errors;
  if (error) {
    const { line, col } = lineCounter.linePos(error.pos[0]);
    throw new FieldlineError('CONFIG_NOT_YAML', {
      subject: `${path}:${line}:${col}`,
      detail: `${error.message}.`,
    });
  }
  return withoutEmptySections(document.toJS({ maxAliasCount: 100 }));
}

/** An empty file, or a section of which every line is a comment, holds no settings. */
function withoutEmptySections(value: unknown): unknown {
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, section]) => section !== null));
}
