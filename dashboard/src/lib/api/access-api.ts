import type {
  ApiToken,
  AuditAnswer,
  CreatedToken,
  NewToken,
  NewUser,
  TokensAnswer,
  User,
  UserChange,
  UsersAnswer,
} from '@fieldline/protocol';
import { request, type Answer } from './gateway-client.ts';

const usersPath = '/api/v1/users';
const tokensPath = '/api/v1/tokens';

/** Everybody who may sign in. */
export function fetchUsers(): Promise<Answer<UsersAnswer>> {
  return request<UsersAnswer>(usersPath, { key: 'users' });
}

/** Adds a user. */
export function addUser(user: NewUser): Promise<Answer<User>> {
  return request<User>(usersPath, { key: 'name', method: 'POST', body: user });
}

/** Gives a user another role or password. */
export function changeUser(name: string, change: UserChange): Promise<Answer<User>> {
  return request<User>(`${usersPath}/${encodeURIComponent(name)}`, {
    key: 'name',
    method: 'PUT',
    body: change,
  });
}

/** Removes a user. */
export function removeUser(name: string): Promise<Answer<UsersAnswer>> {
  return request<UsersAnswer>(`${usersPath}/${encodeURIComponent(name)}`, { key: 'users', method: 'DELETE' });
}

/** Every token of programs, without their secrets. */
export function fetchTokens(): Promise<Answer<TokensAnswer>> {
  return request<TokensAnswer>(tokensPath, { key: 'tokens' });
}

/** Makes a token; its secret is in this answer alone. */
export function createToken(token: NewToken): Promise<Answer<CreatedToken>> {
  return request<CreatedToken>(tokensPath, { key: 'token', method: 'POST', body: token });
}

/** Revokes a token. */
export function revokeToken(id: string): Promise<Answer<ApiToken>> {
  return request<ApiToken>(`${tokensPath}/${id}`, { key: 'id', method: 'DELETE' });
}

/** Which entries of the audit log are wanted: texts to look for, times in µs, the end excluded. */
export interface AuditQuestion {
  readonly who: string;
  readonly what: string;
  readonly fromUs: number | undefined;
  readonly toUs: number | undefined;
  /** Only entries with a lower number. */
  readonly before: number | undefined;
  readonly limit: number;
}

/** Who changed what, the newest first. */
export function fetchAudit({
  who,
  what,
  fromUs,
  toUs,
  before,
  limit,
}: AuditQuestion): Promise<Answer<AuditAnswer>> {
  const asked = { who, what, from: fromUs, to: toUs, before, limit };
  const given = Object.entries(asked).filter(([, value]) => value !== undefined && value !== '');
  const query = new URLSearchParams(given.map(([key, value]) => [key, String(value)]));
  return request<AuditAnswer>(`/api/v1/audit?${query}`, { key: 'entries' });
}
