import { accepted, FieldlineError, parseDuration, refused, type Result } from '@fieldline/protocol';
import { Type, type Static } from 'typebox';
import { ModbusBus } from '../../bindings/modbus-bus.ts';
import { serialSettings, toSerialSettings } from '../../bindings/serial-settings.ts';
import type { PollPlan } from '../../polling/poller.ts';
import { pollSettings, toPollPlan } from '../../polling/poll-settings.ts';
import { defineDriver, type BoundDriver, type DriverHost } from '../driver.ts';
import {
  registerCount,
  RegisterKeys,
  registersMax,
  registerToValue,
  toRegisters,
  type Register,
} from './registers.ts';

const bounds = { interval: '10s', timeout: '30s', intervalMinMs: 100 };
const answerDefault = '500ms';
const answerMaxUs = 10e6;

const settingsSchema = Type.Object(
  {
    port: serialSettings.port,
    usb: serialSettings.usb,
    baudRate: serialSettings.baudRate,
    parity: Type.Optional(
      Type.Union([Type.Literal('none'), Type.Literal('even'), Type.Literal('odd')], {
        default: 'none',
        description: 'Of the line; the standard wants even',
      }),
    ),
    stopBits: Type.Optional(
      Type.Union([Type.Literal(1), Type.Literal(2)], { default: 1, description: '1 or 2' }),
    ),
    device: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 247, default: 1, description: 'Address on the bus' }),
    ),
    registers: Type.Record(Type.String(), RegisterKeys, {
      minProperties: 1,
      maxProperties: registersMax,
      description: 'What is read, by the name of its quantity',
    }),
    answerWithin: Type.Optional(
      Type.String({
        default: answerDefault,
        description: 'A device that has not answered by then is taken for absent: 1ms to 10s',
      }),
    ),
    ...pollSettings(bounds),
  },
  { additionalProperties: false },
);
type Settings = Static<typeof settingsSchema>;

/**
 * Registers of devices on one Modbus RTU bus (RS-485): one quantity a value, raw readings. It reads, and never
 * writes a register. The time of a row is that at which its last register came.
 */
export const modbusRtu = defineDriver({
  name: 'modbus-rtu',
  settings: settingsSchema,
  bind(settings): Result<BoundDriver> {
    const bus = bindBus(settings);
    if (!bus.ok) return bus;
    const plan = toPollPlan(settings, bounds);
    if (!plan.ok) return plan;
    const registers = toRegisters(settings.registers, settings.device ?? 1);
    if (!registers.ok) return registers;
    const quantities = registers.value.map(({ quantity, unit }) => ({ quantity, unit }));
    return accepted({
      plan: { quantities, window: 'none', sketch: false, lateness: '1s' },
      start: (host) => start(host, plan.value, new ModbusBus(bus.value), registers.value),
    });
  },
});

function bindBus(settings: Settings): Result<ConstructorParameters<typeof ModbusBus>[0]> {
  const serial = toSerialSettings(settings, { baudRate: 9600 });
  if (!serial.ok) return serial;
  const text = settings.answerWithin ?? answerDefault;
  const answerUs = parseDuration(text);
  if (!answerUs.ok || answerUs.value < 1000 || answerUs.value > answerMaxUs)
    return refused('CONFIG_INVALID_VALUE', `answerWithin: ${text} is not between 1ms and 10s`);
  const { port, usb, baudRate } = serial.value;
  const { parity = 'none', stopBits = 1 } = settings;
  return accepted({ port, usb, baudRate, parity, stopBits, answerMs: answerUs.value / 1000 });
}

function start(
  host: DriverHost,
  plan: PollPlan,
  bus: ModbusBus,
  registers: readonly Register[],
): { stop(): void } {
  const t = new Float64Array(1);
  host.poll(plan, async (signal) => {
    await bus.open();
    const columns: (Float64Array | undefined)[] = [];
    let failure: unknown;
    for (const register of registers) {
      if (signal.aborted) break;
      const value = await readRegister(bus, register).catch((cause: unknown) => {
        host.discard(reasonOf(cause), 0);
        failure = cause;
        return undefined;
      });
      columns.push(value === undefined ? undefined : Float64Array.of(value));
    }
    // The sensor may have been stopped while the port was being opened.
    if (signal.aborted) await bus.close();
    if (columns.every((column) => column === undefined)) {
      // Perhaps the adapter is gone without a word: the port is looked for again.
      await bus.close();
      throw toError(failure, registers);
    }
    t[0] = host.clock.nowUs();
    host.emit(t, columns);
  });
  return { stop: () => void bus.close() };
}

async function readRegister(bus: ModbusBus, register: Register): Promise<number | undefined> {
  const { device, table, address } = register;
  return registerToValue(
    await bus.read({ device, table, address, count: registerCount(register) }),
    register,
  );
}

/** `exception`: the device answered that it cannot; `bad-crc`: the line garbled the answer. */
function reasonOf(cause: unknown): 'no-answer' | 'exception' | 'bad-crc' {
  if (cause instanceof Error && 'modbusCode' in cause) return 'exception';
  return cause instanceof Error && /crc/i.test(cause.message) ? 'bad-crc' : 'no-answer';
}

function toError(cause: unknown, registers: readonly Register[]): FieldlineError {
  const subject = `Modbus device ${[...new Set(registers.map(({ device }) => device))].join(', ')}`;
  const message = cause instanceof Error ? cause.message : 'no answer';
  const code = reasonOf(cause) === 'no-answer' ? 'SOURCE_HUNG' : 'SOURCE_NO_VALUE';
  return new FieldlineError(code, { subject, detail: `${message}.`, cause });
}
