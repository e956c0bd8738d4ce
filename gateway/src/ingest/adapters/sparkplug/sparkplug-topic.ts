/** What a topic of Sparkplug says (Sparkplug 3.0, section 4.1). */
export interface SparkplugTopic {
  readonly group: string;
  readonly kind: 'NBIRTH' | 'DBIRTH' | 'NDATA' | 'DDATA' | 'NDEATH' | 'DDEATH';
  readonly node: string;
  /** Undefined for what the node says of itself. */
  readonly device: string | undefined;
}

const kinds = ['NBIRTH', 'DBIRTH', 'NDATA', 'DDATA', 'NDEATH', 'DDEATH'] as const;

/** `spBv1.0/{group}/{kind}/{node}[/{device}]`; undefined for any other. */
export function parseSparkplugTopic(topic: string): SparkplugTopic | undefined {
  const [namespace, group = '', kindText, node = '', device, ...rest] = topic.split('/');
  const kind = kinds.find((each) => each === kindText);
  if (namespace !== 'spBv1.0' || !kind || group === '' || node === '' || rest.length > 0) return undefined;
  const wantsDevice = kind.startsWith('D');
  return wantsDevice === (device !== undefined && device !== '') ? { group, kind, node, device } : undefined;
}

/** The topic on which a node takes commands. */
export function nodeCommandTopic({ group, node }: Pick<SparkplugTopic, 'group' | 'node'>): string {
  return `spBv1.0/${group}/NCMD/${node}`;
}
