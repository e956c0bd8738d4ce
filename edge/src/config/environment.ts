/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The variables that override the file, with the path of the key that each stands for. */
export const environmentKeys: Readonly<Record<string, readonly string[]>> = {
  FIELDLINE_DEVICE: ['device'],
  FIELDLINE_GATEWAY_URL: ['gateway', 'url'],
  FIELDLINE_GATEWAY_PASSWORD: ['gateway', 'password'],
  FIELDLINE_GATEWAY_PASSWORD_FILE: ['gateway', 'passwordFile'],
  FIELDLINE_DATA_DIR: ['dataDir'],
  FIELDLINE_FLUSH: ['flush'],
  FIELDLINE_KEEPALIVE: ['keepalive'],
};

/** A copy of what the file holds, overridden by the environment. A password displaces a password file, and back; either displaces a claim. */
export function applyEnvironment(value: unknown, environment: Environment): unknown {
  let result = value;
  for (const [name, path] of Object.entries(environmentKeys)) {
    const override = environment[name];
    if (override !== undefined && override !== '') result = withValue(result, path, override);
  }
  return result;
}

function withValue(value: unknown, [key, ...rest]: readonly string[], override: string): unknown {
  if (key === undefined) return override;
  const object: Record<string, unknown> = isObject(value) ? { ...value } : {};
  if (key === 'password') delete object['passwordFile'];
  if (key === 'passwordFile') delete object['password'];
  if (key === 'password' || key === 'passwordFile') delete object['claim'];
  object[key] = withValue(object[key], rest, override);
  return object;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
