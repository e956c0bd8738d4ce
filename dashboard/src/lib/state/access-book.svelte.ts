import type { ApiToken, CreatedToken, NewToken, NewUser, User, UserChange } from '@fieldline/protocol';
import {
  addUser,
  changeUser,
  createToken,
  fetchTokens,
  fetchUsers,
  removeUser,
  revokeToken,
} from '../api/access-api.ts';
import type { Answer, Failure } from '../api/gateway-client.ts';

/** Users and tokens, as the gateway has them after each change. */
export class AccessBook {
  users = $state.raw<readonly User[] | undefined>();
  tokens = $state.raw<readonly ApiToken[] | undefined>();
  /** Why they could not be shown. */
  failure = $state.raw<Failure | undefined>();

  /** Asks for both. */
  async load(): Promise<void> {
    const [users, tokens] = await Promise.all([fetchUsers(), fetchTokens()]);
    if (users.ok) this.users = users.value.users;
    if (tokens.ok) this.tokens = tokens.value.tokens;
    this.failure = users.ok ? (tokens.ok ? undefined : tokens) : users;
  }

  /** Adds a user; like each of these, answers why where it did not work. */
  addUser(user: NewUser): Promise<Answer<User>> {
    return this.#then(addUser(user));
  }

  /** Gives a user another role or password. */
  changeUser(name: string, change: UserChange): Promise<Answer<User>> {
    return this.#then(changeUser(name, change));
  }

  /** Removes a user. */
  removeUser(name: string): Promise<Answer<object>> {
    return this.#then(removeUser(name));
  }

  /** Makes a token. */
  createToken(token: NewToken): Promise<Answer<CreatedToken>> {
    return this.#then(createToken(token));
  }

  /** Revokes a token. */
  revokeToken(id: string): Promise<Answer<ApiToken>> {
    return this.#then(revokeToken(id));
  }

  /** What is shown is what the gateway has, also where a change was refused: somebody else may have been faster. */
  async #then<Value>(change: Promise<Answer<Value>>): Promise<Answer<Value>> {
    const answer = await change;
    await this.load();
    return answer;
  }
}
