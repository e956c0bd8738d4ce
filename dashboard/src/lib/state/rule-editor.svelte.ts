import type { AlertRule } from '@fieldline/protocol';
import { emptyRule, parseRuleTexts, readRule, textsOf, type RuleTexts } from '../alerts/rule-texts.ts';
import type { FieldName } from '../alerts/condition-fields.ts';
import type { Router } from './router.svelte.ts';

/** A longer draft is not written into the address: gateways and proxies refuse it. */
const addressCharsMax = 6_000;

/** A rule while it is edited. What is typed stands in the address (`?draft=…`), so that it survives whatever happens to the page. */
export class RuleEditor {
  readonly #router: Router;
  readonly #rule: () => AlertRule | undefined;
  #typed = $state.raw<RuleTexts | undefined>();
  readonly kept = $derived.by(() => {
    const rule = this.#rule();
    return rule ? textsOf(rule) : emptyRule;
  });
  readonly texts = $derived(this.#typed ?? this.kept);
  readonly read = $derived(readRule(this.texts));
  readonly isChanged = $derived(JSON.stringify(this.texts) !== JSON.stringify(this.kept));

  /** @param rule the rule as the gateway has it; undefined for a new one */
  constructor(router: Router, rule: () => AlertRule | undefined) {
    this.#router = router;
    this.#rule = rule;
    this.#typed = parseRuleTexts(router.route.query.get('draft'));
  }

  /** Changes parts of the rule. */
  set(change: Partial<RuleTexts>): void {
    this.#typed = { ...this.texts, ...change };
    const text = JSON.stringify(this.#typed);
    const isShort = encodeURIComponent(text).length <= addressCharsMax;
    this.#write(this.isChanged && isShort ? text : undefined);
  }

  /** Changes one field of the condition. */
  setField(name: FieldName, text: string): void {
    this.set({ fields: { ...this.texts.fields, [name]: text } });
  }

  /** Back to the rule as the gateway has it. */
  discard(): void {
    this.#typed = undefined;
    this.#write(undefined);
  }

  #write(draft: string | undefined): void {
    this.#router.setQuery(
      (query) => {
        if (draft === undefined) query.delete('draft');
        else query.set('draft', draft);
      },
      { replace: true },
    );
  }
}
