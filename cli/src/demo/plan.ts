/** One virtual sensor of the demo and the words that configure it on both sides. */
export interface PlannedSensor {
  readonly id: string;
  /** Words behind `fieldline simulate`. */
  readonly simulate: readonly string[];
  /** The sensor's part of the agent's configuration, without its port. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** One device of the demo: an agent and its virtual sensors. */
export interface PlannedDevice {
  readonly id: string;
  readonly sensors: readonly PlannedSensor[];
}

/** At most so many devices: each is a process, and each of its sensors another. */
export const devicesMax = 24;

type Kind = (ordinal: number) => PlannedDevice;

const kinds: readonly Kind[] = [greenhouse, rover, lab];

/** The devices of the demo: `greenhouse-1`, `rover-1`, `lab-1`, `greenhouse-2`, … each with its own seed. */
export function planDevices(count: number): PlannedDevice[] {
  return Array.from({ length: count }, (_, index) => {
    const kind = kinds[index % kinds.length] ?? greenhouse;
    return kind(Math.floor(index / kinds.length) + 1);
  });
}

function greenhouse(ordinal: number): PlannedDevice {
  return {
    id: `greenhouse-${ordinal}`,
    sensors: [
      {
        id: 'air',
        simulate: ['thermometer', '--rate', '5', '--seed', String(10 * ordinal)],
        config: { driver: 'thermometer' },
      },
      {
        id: 'soil',
        simulate: [
          'thermometer',
          '--rate',
          '2',
          '--format',
          'labelled',
          '--speed',
          '300',
          '--seed',
          String(10 * ordinal + 1),
        ],
        config: { driver: 'thermometer', window: '5s', sketch: true },
      },
    ],
  };
}

function rover(ordinal: number): PlannedDevice {
  return {
    id: `rover-${ordinal}`,
    sensors: [{ id: 'gnss', simulate: ['gnss', '--recording', 'walk'], config: { driver: 'gnss' } }],
  };
}

function lab(ordinal: number): PlannedDevice {
  return {
    id: `lab-${ordinal}`,
    sensors: [
      {
        id: 'shaft',
        simulate: ['adc', '--rate', '1000', '--seed', String(ordinal)],
        config: { driver: 'adc', source: 'mcu', window: '1s' },
      },
    ],
  };
}
