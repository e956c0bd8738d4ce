import { accepted, FieldlineError, parseSize, refused, type Result } from '@fieldline/protocol';
import { Type, type Static } from 'typebox';
import { fetchDocument, type HttpValidators } from '../../bindings/http-document.ts';
import { fieldsSetting, toFields, type Field } from '../../fields/field-settings.ts';
import { parseJson, toMeasurement, valueAtPath } from '../../fields/json-to-value.ts';
import type { PollPlan } from '../../polling/poller.ts';
import { pollSettings, toPollPlan } from '../../polling/poll-settings.ts';
import { defineDriver, type BoundDriver, type DriverHost } from '../driver.ts';
import { toTimeUs } from './document-time.ts';

const bounds = { interval: '1m', timeout: '10s', intervalMinMs: 1000 };
const maxBytesDefault = '1MB';
/** No answer may be longer, whatever is configured, in bytes. */
export const answerMaxBytes = 16e6;
/** A document's time further ahead of the clock than this is a mistake, in µs. */
const aheadMaxUs = 86_400e6;

const settingsSchema = Type.Object(
  {
    url: Type.String({ pattern: '^https?://', description: 'The address that answers with JSON' }),
    fields: fieldsSetting,
    time: Type.Optional(
      Type.Object(
        {
          path: Type.String({
            minLength: 1,
            description: 'Where the JSON tells the time of the measurement',
          }),
          format: Type.Optional(
            Type.Union([Type.Literal('iso'), Type.Literal('s'), Type.Literal('ms'), Type.Literal('us')], {
              default: 'iso',
              description: 'ISO 8601 (UTC without a zone), or s, ms, us since 1970',
            }),
          ),
        },
        {
          additionalProperties: false,
          description:
            'Without it readings carry the time of the answer; with it the same time is not taken twice',
        },
      ),
    ),
    headers: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        maxProperties: 32,
        description: 'Sent along; reported to the gateway, so no place for secrets',
      }),
    ),
    authorizationFile: Type.Optional(
      Type.String({
        pattern: '^/',
        description: 'Absolute path of a file that holds the value of the header Authorization',
      }),
    ),
    maxBytes: Type.Optional(
      Type.String({ default: maxBytesDefault, description: 'A longer answer is broken off; at most 16MB' }),
    ),
    ...pollSettings(bounds),
  },
  { additionalProperties: false },
);
type Settings = Static<typeof settingsSchema>;

/** Polls an address that answers with JSON, such as a weather service. One quantity a field, raw readings. */
export const http = defineDriver({
  name: 'http',
  settings: settingsSchema,
  bind(settings): Result<BoundDriver> {
    const plan = toPollPlan(settings, bounds);
    if (!plan.ok) return plan;
    const fields = toFields(settings.fields);
    if (!fields.ok) return fields;
    if (!URL.canParse(settings.url)) return refused('CONFIG_INVALID_VALUE', 'url: it is not an address');
    const { username, password } = new URL(settings.url);
    if (username !== '' || password !== '')
      return refused(
        'CONFIG_INVALID_VALUE',
        'url: a password stands in `authorizationFile`, not in the address',
      );
    const maxBytes = parseSize(settings.maxBytes ?? maxBytesDefault);
    if (!maxBytes.ok) return refused('CONFIG_INVALID_VALUE', `maxBytes: ${maxBytes.refusal.detail}`);
    if (maxBytes.value > answerMaxBytes) return refused('CONFIG_INVALID_VALUE', 'maxBytes: it is above 16MB');
    const quantities = fields.value.map(({ quantity, unit }) => ({ quantity, unit }));
    const about = { settings, plan: plan.value, fields: fields.value, maxBytes: maxBytes.value };
    return accepted({
      plan: { quantities, window: 'none', sketch: false, lateness: '1s' },
      start: (host) => {
        const reader = new HttpReader(host, about);
        host.poll(plan.value, (signal) => reader.ask(signal));
        return { stop: () => undefined };
      },
    });
  },
});

interface HttpReaderOptions {
  readonly settings: Settings;
  readonly plan: PollPlan;
  readonly fields: readonly Field[];
  readonly maxBytes: number;
}

/** Remembers what the server said last, so that nothing is taken twice. */
class HttpReader {
  readonly #host: DriverHost;
  readonly #about: HttpReaderOptions;
  #known: HttpValidators = {};
  #lastUs: number | undefined;

  constructor(host: DriverHost, about: HttpReaderOptions) {
    this.#host = host;
    this.#about = about;
  }

  async ask(signal: AbortSignal): Promise<void> {
    const { settings, maxBytes } = this.#about;
    const { url, headers = {}, authorizationFile } = settings;
    const question = { url, headers, authorizationFile, maxBytes, known: this.#known };
    const answer = await fetchDocument(question, signal);
    if (answer.kind === 'unchanged') return;
    const document = parseJson(answer.text);
    if (document === undefined) this.#refuse('not-json', answer.text);
    const atUs = this.#timeOf(document);
    if (atUs === undefined) this.#refuse('no-time', answer.text);
    if (settings.time === undefined || atUs !== this.#lastUs) this.#emit(document, atUs, answer.text);
    // Only a document that was understood may be answered with "unchanged" the next time.
    this.#known = answer.validators;
    this.#lastUs = atUs;
  }

  #emit(document: unknown, atUs: number, text: string): void {
    const values = this.#about.fields.map(({ path, scale, offset }) => {
      const value = toMeasurement(valueAtPath(document, path));
      return value === undefined ? undefined : Float64Array.of(value * scale + offset);
    });
    if (values.every((value) => value === undefined)) this.#refuse('no-fields', text);
    this.#host.emit(Float64Array.of(atUs), values);
  }

  #timeOf(document: unknown): number | undefined {
    const nowUs = this.#host.clock.nowUs();
    const { time } = this.#about.settings;
    if (time === undefined) return nowUs;
    const atUs = toTimeUs(valueAtPath(document, time.path), time.format ?? 'iso');
    return atUs !== undefined && atUs >= 0 && atUs <= nowUs + aheadMaxUs ? atUs : undefined;
  }

  #refuse(reason: string, text: string): never {
    this.#host.discard(reason, text.length);
    const { origin, pathname } = new URL(this.#about.settings.url);
    throw new FieldlineError('SOURCE_NO_VALUE', { subject: origin + pathname, detail: `Reason: ${reason}.` });
  }
}
