import type { DatabaseSync } from 'node:sqlite';
import { AlertRule, refused, type AlertRuleDraft, type Result } from '@fieldline/protocol';
import { Value } from 'typebox/value';
import { durably } from '../home/gateway-database.ts';
import { alertLimits } from './alert-tables.ts';
import { builtInRules } from './built-in-rules.ts';
import { compileRule, type CompiledRule } from './evaluate/compiled-rule.ts';

/** A rule with what the evaluator needs of it. */
export interface BookedRule {
  readonly rule: AlertRule;
  readonly compiled: CompiledRule;
}

/** The rules: those that came with the gateway, as far as nobody changed them, and those that people made. */
export class RuleBook {
  readonly #database: DatabaseSync;
  readonly #rules = new Map<string, BookedRule>();
  readonly #channels: ReadonlySet<string>;

  /** `channels`: names that rules may deliver to. */
  constructor(database: DatabaseSync, channels: Iterable<string>) {
    this.#database = database;
    this.#channels = new Set(channels);
    for (const rule of builtInRules) this.#keep(rule);
    for (const { rule } of database.prepare('SELECT rule FROM alert_rules').all()) {
      const stored: unknown = JSON.parse(String(rule));
      if (Value.Check(AlertRule, stored)) this.#keep(stored);
    }
  }

  /** By id. */
  list(): AlertRule[] {
    return Array.from(this.#rules.values(), ({ rule }) => rule).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Those that are looked after. */
  enabled(): BookedRule[] {
    return [...this.#rules.values()].filter(({ rule }) => rule.enabled);
  }

  get(id: string): BookedRule | undefined {
    return this.#rules.get(id);
  }

  /** Makes or replaces a rule, durably. Refused as ALERT_RULE_INVALID, ALERT_CHANNEL_UNKNOWN or ALERT_LIMIT. */
  put(id: string, draft: AlertRuleDraft): Result<AlertRule> {
    const compiled = compileRule(draft);
    if (!compiled.ok) return compiled;
    const unknown = draft.deliverTo.find((channel) => !this.#channels.has(channel));
    if (unknown !== undefined) return refused('ALERT_CHANNEL_UNKNOWN', unknown);
    if (!this.#rules.has(id) && this.#rules.size >= alertLimits.rules) {
      return refused('ALERT_LIMIT', `${alertLimits.rules} rules`);
    }
    const rule: AlertRule = { id, ...draft, builtIn: builtInRules.some((builtIn) => builtIn.id === id) };
    durably(this.#database, () => {
      const write = this.#database.prepare('INSERT OR REPLACE INTO alert_rules (id, rule) VALUES (?, ?)');
      write.run(id, JSON.stringify(rule));
    });
    this.#rules.set(id, { rule, compiled: compiled.value });
    return { ok: true, value: rule };
  }

  /** Removes a rule; one that came with the gateway is as it came again. False where there is none. */
  remove(id: string): boolean {
    if (!this.#rules.has(id)) return false;
    durably(this.#database, () => {
      this.#database.prepare('DELETE FROM alert_rules WHERE id = ?').run(id);
    });
    this.#rules.delete(id);
    const builtIn = builtInRules.find((rule) => rule.id === id);
    if (builtIn) this.#keep(builtIn);
    return true;
  }

  #keep(rule: AlertRule): void {
    const compiled = compileRule(rule);
    if (compiled.ok) this.#rules.set(rule.id, { rule, compiled: compiled.value });
  }
}
