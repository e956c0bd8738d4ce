/** Names a batch in the outbox without decoding it. */
export interface BatchName {
  readonly epoch: string;
  readonly seq: number;
}

/** What the key of a record says. */
export interface ParsedKey extends BatchName {
  readonly carried: boolean;
  /** Where the batch ends, if more follows it in the record. */
  readonly payloadBytes?: number;
}

/** The key of a sealed batch, or of one that was copied to the end so that the log before it could go. */
export function batchKey({ epoch, seq }: BatchName, carried = false): string {
  return `${carried ? 'carried' : 'sealed'}/${epoch}/${seq}`;
}

/** Reads a key; undefined where another program wrote it. */
export function parseBatchKey(key: string): ParsedKey | undefined {
  const [kind, epoch, seqText, sizeText, ...rest] = key.split('/');
  const seq = Number(seqText);
  if ((kind !== 'sealed' && kind !== 'carried') || !epoch || !Number.isInteger(seq) || rest.length > 0)
    return undefined;
  const carried = kind === 'carried';
  if (sizeText === undefined) return { epoch, seq, carried };
  const payloadBytes = Number(sizeText);
  return Number.isInteger(payloadBytes) ? { epoch, seq, carried, payloadBytes } : undefined;
}
