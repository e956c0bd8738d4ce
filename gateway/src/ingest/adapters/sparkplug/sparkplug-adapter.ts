import { accepted, refused, type Result } from '@fieldline/protocol';
import type { Adapter, DialectContent, DialectMessage, DialectReading, DialectReply } from '../adapter.ts';
import { isNumeric, metricNumber } from './metric-value.ts';
import { readPayload, rebirthPayload, type Metric, type Payload } from './payload.ts';
import { nodeCommandTopic, parseSparkplugTopic, type SparkplugTopic } from './sparkplug-topic.ts';

/** Nodes of one account, and metrics of one node, that are remembered. */
const nodesMax = 1000;
const metricsMax = 10_000;

/** A node is asked for its births again no sooner than this. */
const rebirthPauseUs = 30_000_000;

/** What the birth said of a metric. */
interface BornMetric {
  readonly name: string;
  readonly datatype: number;
  readonly unit: string | undefined;
}

interface Node {
  /** Whether its birth has come, and no death since. */
  isBorn: boolean;
  /** Sequence number that the next message must have. */
  nextSeq: number;
  /** By device (empty: the node itself) and then by alias or name. */
  readonly metrics: Map<string, BornMetric>;
  askedAtUs: number;
}

/**
 * Sparkplug B (Eclipse Sparkplug 3.0): births name the metrics, data refers to them by name or alias. Where the
 * sequence has a gap, or an alias was never born, the node is asked to send its births again, at most
 * every 30 s. Names for the templates: `group`, `node` and, where there is one, `device`.
 */
export class SparkplugAdapter implements Adapter {
  readonly #nodes = new Map<string, Node>();

  isReplyTopic(topic: string): boolean {
    return /^spBv1\.0\/[^/]+\/NCMD\/[^/]+$/.test(topic);
  }

  read({ topic, payload: bytes, receivedAtUs }: DialectMessage): Result<DialectContent> {
    const about = parseSparkplugTopic(topic);
    if (!about) return refused('DIALECT_UNREADABLE', 'It is no topic of a Sparkplug node or device.');
    const payload = readPayload(bytes);
    if (!payload.ok) return payload;
    const node = this.#node(`${about.group}/${about.node}`);
    if (!node) return refused('DIALECT_UNREADABLE', `There are more than ${nodesMax} nodes.`);
    if (about.kind === 'NDEATH') {
      // A will, written before the session: it has no place in the sequence.
      node.isBorn = false;
      return accepted({ readings: [] });
    }
    const isInOrder = follow(node, about, payload.value);
    if (about.kind === 'NBIRTH' || about.kind === 'DBIRTH') bear(node, about, payload.value.metrics);
    return this.#readMetrics({ about, node, payload: payload.value, receivedAtUs, isInOrder });
  }

  #readMetrics(call: {
    readonly about: SparkplugTopic;
    readonly node: Node;
    readonly payload: Payload;
    readonly receivedAtUs: number;
    readonly isInOrder: boolean;
  }): Result<DialectContent> {
    const { about, node, payload, receivedAtUs, isInOrder } = call;
    const readings: DialectReading[] = [];
    let unborn = 0;
    let historical = 0;
    for (const metric of payload.metrics) {
      const born = bornOf(node, about, metric);
      if (!born) unborn += 1;
      else if (isReading(born, metric)) {
        if (metric.isHistorical) historical += 1;
        const timeMs = metric.timestampMs ?? payload.timestampMs;
        readings.push({
          names: namesOf(about),
          quantity: born.name,
          unit: born.unit,
          timeUs: timeMs === undefined ? receivedAtUs : timeMs * 1000,
          value: metricNumber(metric, born.datatype),
        });
      }
    }
    const needsBirth = !isInOrder || unborn > 0;
    const reply = needsBirth ? askForBirth(node, about, receivedAtUs) : undefined;
    const isHistorical = readings.length > 0 && historical === readings.length;
    if (unborn > 0 && readings.length === 0 && !reply)
      return refused('DIALECT_UNREADABLE', `${unborn} metrics of which no birth has told.`);
    return accepted({ readings, isHistorical, reply });
  }

  #node(name: string): Node | undefined {
    const known = this.#nodes.get(name);
    if (known || this.#nodes.size >= nodesMax) return known;
    const node: Node = { isBorn: false, nextSeq: 0, metrics: new Map(), askedAtUs: -Infinity };
    this.#nodes.set(name, node);
    return node;
  }
}

/** Notes the sequence number (section 6.4.3: 0 to 255, then 0 again); false where messages are missing. */
function follow(node: Node, { kind }: SparkplugTopic, { seq }: Payload): boolean {
  if (kind === 'NBIRTH') {
    node.isBorn = true;
    node.metrics.clear();
    node.nextSeq = ((seq ?? 0) + 1) % 256;
    return true;
  }
  const isInOrder = node.isBorn && seq === node.nextSeq;
  if (seq !== undefined) node.nextSeq = (seq + 1) % 256;
  return isInOrder;
}

function bear(node: Node, about: SparkplugTopic, metrics: readonly Metric[]): void {
  for (const { name, alias, datatype, unit } of metrics) {
    if (name === '' || node.metrics.size >= metricsMax) continue;
    const born = { name, datatype, unit };
    node.metrics.set(keyOf(about, name), born);
    // Aliases are unique within the node, its devices among it (section 6.4.6).
    if (alias !== undefined) node.metrics.set(keyOf(about, alias), born);
  }
}

function bornOf(node: Node, about: SparkplugTopic, metric: Metric): BornMetric | undefined {
  const key = metric.name === '' ? metric.alias : metric.name;
  if (key === undefined) return undefined;
  const born = node.metrics.get(keyOf(about, key));
  return born && metric.datatype !== 0 ? { ...born, datatype: metric.datatype } : born;
}

function keyOf({ device }: SparkplugTopic, key: string | bigint): string {
  return typeof key === 'bigint' ? `#${key}` : `${device ?? ''}/${key}`;
}

/** What serves the protocol itself, texts, and absent values are no readings. */
function isReading({ name, datatype }: BornMetric, { isNull }: Metric): boolean {
  if (name === 'bdSeq' || /^(Node|Device) Control\//.test(name)) return false;
  return isNumeric(datatype) && !isNull;
}

function namesOf({ group, node, device }: SparkplugTopic): Record<string, string> {
  return { group, node, ...(device === undefined ? {} : { device }) };
}

function askForBirth(node: Node, about: SparkplugTopic, nowUs: number): DialectReply | undefined {
  if (nowUs - node.askedAtUs < rebirthPauseUs) return undefined;
  node.askedAtUs = nowUs;
  return { topic: nodeCommandTopic(about), payload: rebirthPayload(nowUs) };
}
