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
  /** Everything below this offset was done with when it was sealed. */
  readonly doneBelow?: number;
}

/** The key of a sealed batch, or of one that was copied to the end so that the log before it could go. */
export function batchKey({ epoch, seq }: BatchName, carried = false): string {
  return `${carried ? 'carried' : 'sealed'}/${epoch}/${seq}`;
}

/** Reads a key; undefined where another program wrote it. */
export function parseBatchKey(key: string): ParsedKey | undefined {
  const [kind, epoch, seqText, sizeText = '', doneText = '', ...rest] = key.split('/');
  const seq = Number(seqText);
  if ((kind !== 'sealed' && kind !== 'carried') || !epoch || !Number.isInteger(seq) || rest.length > 0)
    return undefined;
  const carried = kind === 'carried';
  const [payloadBytes, doneBelow] = [Number(sizeText), Number(doneText)];
  if (!Number.isInteger(payloadBytes) || !Number.isInteger(doneBelow)) return undefined;
  const withSize = sizeText === '' ? {} : { payloadBytes };
  return { epoch, seq, carried, ...withSize, ...(doneText === '' ? {} : { doneBelow }) };
}
